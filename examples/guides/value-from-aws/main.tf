terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
    roboto = {
      source  = "roboto-ai/roboto"
      version = "~> 0.1"
    }
  }
}

ephemeral "aws_secretsmanager_secret_version" "weather" {
  secret_id = "weather"
}

resource "roboto_secret" "weather_api_key" {
  name     = "weather_api_key"
  value_wo = jsondecode(ephemeral.aws_secretsmanager_secret_version.weather.secret_string)["api_key"]
}
