variable "partner_token" {
  description = "Token of the partner's interface."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "roboto_secret" "partner_token" {
  name               = "partner_token"
  value_wo           = var.partner_token
  value_wo_version   = "1"
  detect_value_drift = true
}
