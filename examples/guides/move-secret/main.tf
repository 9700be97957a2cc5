resource "roboto_secret" "old" {
  name   = "weather_api_key"
  org_id = "og_acme"
}

ephemeral "roboto_secret" "old" {
  uri = roboto_secret.old.uri
}

resource "roboto_secret" "weather_api_key" {
  name             = "weather_api_key"
  org_id           = "og_acme_staging"
  value_wo         = ephemeral.roboto_secret.old.value
  value_wo_version = "1"
}
