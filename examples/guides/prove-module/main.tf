variable "weather_api_key" {
  type      = string
  ephemeral = true
  sensitive = true
}

module "forecast" {
  # A copy of the module, or github.com/roboto-ai/terraform-provider-roboto//examples/modules/action-secrets
  source = "../../modules/action-secrets"

  action  = "forecast"
  secrets = { api_key = { version = "1" } }
  values  = { api_key = var.weather_api_key }
}

# Changes with each version that the module writes.
resource "terraform_data" "written" {
  input = module.forecast.version_ids

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.roboto_action_invoke.forecast]
    }
  }
}

action "roboto_action_invoke" "forecast" {
  config {
    name             = "forecast"
    parameter_values = module.forecast.uris
  }
}
