variable "partner_token" {
  type      = string
  ephemeral = true
  sensitive = true
}

variable "partner_token_version" {
  type = string
}

resource "roboto_secret" "partner_token" {
  name             = "partner_token"
  value_wo         = var.partner_token
  value_wo_version = var.partner_token_version

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.roboto_action_invoke.try_partner_token]
    }
  }
}

action "roboto_action_invoke" "try_partner_token" {
  config {
    name             = "try-partner-token"
    parameter_values = { token = "roboto-secret://partner_token" }
    action_timeout   = "5m"
    wait_timeout     = "10m"
  }
}
