locals {
  environments = {
    dev   = { weather_api_key_version = "3" }
    stage = { weather_api_key_version = "2" }
    prod  = { weather_api_key_version = "1" }
  }
  environment = local.environments[terraform.workspace]
}

variable "weather_api_key" {
  description = "API key of the weather service."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "roboto_secret" "weather_api_key" {
  name             = "${terraform.workspace}_weather_api_key"
  value_wo         = var.weather_api_key
  value_wo_version = local.environment.weather_api_key_version
}
