terraform {
  required_providers {
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = ">= 3.2.1, < 4.0.0"
    }
    roboto = {
      source  = "roboto-ai/roboto"
      version = "~> 0.1"
    }
  }
}

data "roboto_secret" "partner_token" {
  name            = "partner_token"
  read_version_id = true
}

ephemeral "roboto_secret" "partner_token" {
  uri        = data.roboto_secret.partner_token.uri
  version_id = data.roboto_secret.partner_token.version_id
}

resource "kubernetes_secret_v1" "partner_token" {
  metadata {
    name = "partner-token"
  }
  data_wo = {
    token = ephemeral.roboto_secret.partner_token.value
  }
  # The time at which the value was written, as a number like 20261101093000.
  data_wo_revision = parseint(formatdate("YYYYMMDDhhmmss", data.roboto_secret.partner_token.value_created), 10)
}
