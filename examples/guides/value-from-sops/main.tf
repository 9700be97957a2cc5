terraform {
  required_providers {
    sops = {
      source  = "carlpett/sops"
      version = "~> 1.3"
    }
    roboto = {
      source  = "roboto-ai/roboto"
      version = "~> 0.1"
    }
  }
}

ephemeral "sops_file" "weather" {
  source_file = "weather.enc.json"
}

resource "roboto_secret" "weather_api_key" {
  name     = "weather_api_key"
  value_wo = ephemeral.sops_file.weather.data["api_key"]
}
