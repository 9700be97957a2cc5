terraform {
  required_providers {
    roboto = {
      source  = "roboto-ai/roboto"
      version = "~> 0.1"
    }
  }
}

variable "weather_api_key" {
  description = "API key of the weather service."
  type        = string
  ephemeral   = true
  sensitive   = true
}

module "forecast" {
  # A copy of the module, or github.com/roboto-ai/terraform-provider-roboto//examples/modules/action-secrets
  source = "../../modules/action-secrets"

  action  = "forecast"
  secrets = { api_key = { version = "1" } }
  values  = { api_key = var.weather_api_key }
}

output "arguments" {
  value = module.forecast.arguments
}
