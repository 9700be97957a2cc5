terraform {
  required_providers {
    roboto = {
      source  = "roboto-ai/roboto"
      version = "~> 0.1"
    }
  }
}

# One entry for each workspace.
locals {
  environments = {
    dev   = { org_id = "og_acme_dev", weather_api_key_version = "3" }
    stage = { org_id = "og_acme_stage", weather_api_key_version = "2" }
    prod  = { org_id = "og_acme", weather_api_key_version = "1" }
  }
  environment = local.environments[terraform.workspace]
}

provider "roboto" {
  org_id = local.environment.org_id
}

variable "weather_api_key" {
  description = "API key of the weather service."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "roboto_secret" "weather_api_key" {
  name             = "weather_api_key"
  value_wo         = var.weather_api_key
  value_wo_version = local.environment.weather_api_key_version
}

# Each plan fails if the API key is that of another environment.
data "roboto_organizations" "mine" {
  lifecycle {
    postcondition {
      condition     = contains(self.organizations[*].org_id, local.environment.org_id)
      error_message = "The API key is not one for ${terraform.workspace}. Its owner does not belong to ${local.environment.org_id}."
    }
  }
}
