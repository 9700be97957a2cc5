terraform {
  required_providers {
    roboto = {
      source  = "roboto-ai/roboto"
      version = "~> 0.1"
    }
  }
  backend "s3" {}
}

variable "org_id" {
  type = string
}

variable "weather_api_key_version" {
  type = string
}

variable "weather_api_key" {
  type      = string
  ephemeral = true
  sensitive = true
}

provider "roboto" {
  org_id = var.org_id
}

resource "roboto_secret" "weather_api_key" {
  name             = "weather_api_key"
  value_wo         = var.weather_api_key
  value_wo_version = var.weather_api_key_version

  # A secret in the state keeps its organization, so this notices the state of another environment.
  lifecycle {
    postcondition {
      condition     = self.org_id == var.org_id
      error_message = "This state has secrets of ${self.org_id}, and the variables are those of ${var.org_id}."
    }
  }
}
