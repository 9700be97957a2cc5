variable "partner_tokens" {
  type      = map(string)
  ephemeral = true
  sensitive = true
}

resource "roboto_secret" "partner_token" {
  for_each = { north = "1", south = "1" } # versions

  name             = "partner_token_${each.key}"
  value_wo         = var.partner_tokens[each.key]
  value_wo_version = each.value

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
    parameter_values = { token = caller.uri }
  }
}
