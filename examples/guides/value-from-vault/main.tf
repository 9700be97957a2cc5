terraform {
  required_providers {
    vault = {
      source  = "hashicorp/vault"
      version = "~> 5.0"
    }
    roboto = {
      source  = "roboto-ai/roboto"
      version = "~> 0.1"
    }
  }
}

ephemeral "vault_kv_secret_v2" "weather" {
  mount = "secret"
  name  = "weather"
}

resource "roboto_secret" "weather_api_key" {
  name     = "weather_api_key"
  value_wo = ephemeral.vault_kv_secret_v2.weather.data["api_key"]
}
