variable "partner_api_key" {
  description = "API key that the partner gives us."
  type        = string
  ephemeral   = true
  sensitive   = true
}

locals {
  partner_api_key_date = "2026-11-01" # to rotate, give a new value, and change this to today's date
}

resource "roboto_secret" "partner_api_key" {
  name             = "partner_api_key"
  value_wo         = var.partner_api_key
  value_wo_version = local.partner_api_key_date
}

check "partner_api_key_is_fresh" {
  assert {
    condition     = timecmp(timeadd("${local.partner_api_key_date}T00:00:00Z", "${24 * 90}h"), plantimestamp()) > 0
    error_message = "partner_api_key is older than 90 days: ask the partner for a new one. It is of ${local.partner_api_key_date}."
  }
}
