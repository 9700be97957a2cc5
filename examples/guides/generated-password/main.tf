terraform {
  required_providers {
    postgresql = {
      source  = "cyrilgdn/postgresql"
      version = "~> 1.26"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.7"
    }
    roboto = {
      source  = "roboto-ai/roboto"
      version = "~> 0.1"
    }
  }
}

# Generates another password in each run. Only a run that writes uses its password.
ephemeral "random_password" "telemetry" {
  length = 32
}

resource "roboto_secret" "telemetry_password" {
  name             = "telemetry_password"
  value_wo         = ephemeral.random_password.telemetry.result
  value_wo_version = "1" # to rotate, change this to any other text
}

# Reads the stored value back. version_id makes this wait until the value is stored.
ephemeral "roboto_secret" "telemetry_password" {
  uri        = roboto_secret.telemetry_password.uri
  version_id = roboto_secret.telemetry_password.version_id
}

resource "postgresql_role" "telemetry" {
  name                = "telemetry"
  login               = true
  password_wo         = ephemeral.roboto_secret.telemetry_password.value
  password_wo_version = roboto_secret.telemetry_password.version_id
}
