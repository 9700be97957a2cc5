terraform {
  required_providers {
    roboto = {
      source  = "roboto-ai/roboto"
      version = "~> 0.1"
    }
  }
}

provider "roboto" {
  profile = "acme"
  org_id  = "og_acme"
}

provider "roboto" {
  alias   = "staging"
  profile = "acme-staging"
  org_id  = "og_acme_staging"
}

variable "weather_api_keys" {
  description = "API keys of the weather service, for production and staging."
  type        = object({ production = string, staging = string })
  ephemeral   = true
  sensitive   = true
}

resource "roboto_secret" "weather_api_key" {
  name     = "weather_api_key"
  value_wo = var.weather_api_keys.production
}

resource "roboto_secret" "weather_api_key_staging" {
  provider = roboto.staging

  name     = "weather_api_key"
  value_wo = var.weather_api_keys.staging
}
