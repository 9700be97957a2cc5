# Without value_wo, Terraform keeps the record. Somebody else writes the value:
# roboto secrets write fleet_webhook_key …
resource "roboto_secret" "fleet_webhook_key" {
  name = "fleet_webhook_key"
}
