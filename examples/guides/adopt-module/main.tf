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

import {
  to = module.forecast.roboto_secret.parameter["api_key"]
  id = "forecast_api_key"
}
