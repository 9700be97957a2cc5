terraform {
  required_providers {
    postgresql = {
      source  = "cyrilgdn/postgresql"
      version = "~> 1.26"
    }
    roboto = {
      source  = "roboto-ai/roboto"
      version = "~> 0.1"
    }
  }
}

ephemeral "roboto_secret" "database_admin_password" {
  name = "database_admin_password"
}

provider "postgresql" {
  host     = "telemetry.example.com"
  username = "admin"
  password = ephemeral.roboto_secret.database_admin_password.value
}
