terraform {
  required_providers {
    roboto = {
      source  = "roboto-ai/roboto"
      version = "~> 0.1"
    }
  }
}

variable "org_id" {
  description = "Organization of this environment."
  type        = string
}

variable "weather_api_key_version" {
  description = "Change it to write the value again."
  type        = string
}

variable "weather_api_key" {
  description = "API key of the weather service."
  type        = string
  ephemeral   = true
  sensitive   = true
}

provider "roboto" {
  org_id = var.org_id
}

resource "roboto_secret" "weather_api_key" {
  name             = "weather_api_key"
  value_wo         = var.weather_api_key
  value_wo_version = var.weather_api_key_version
}
