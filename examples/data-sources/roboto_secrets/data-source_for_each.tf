data "roboto_secrets" "webhooks" {
  name_prefix = "webhook_"
}

resource "terraform_data" "webhook" {
  for_each = data.roboto_secrets.webhooks.uris

  input = {
    name       = each.key
    secret_uri = each.value
  }
}
