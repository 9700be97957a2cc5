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

variable "partner_token" {
  description = "Token of the partner's interface."
  type        = string
  ephemeral   = true
  sensitive   = true
}

locals {
  partner_token_version = 1 # to rotate, give a new value, and add 1
}

resource "roboto_secret" "partner_token" {
  name             = "partner_token"
  value_wo         = var.partner_token
  value_wo_version = local.partner_token_version
}

# Reads the stored value back. version_id makes this wait until the value is stored.
ephemeral "roboto_secret" "partner_token" {
  uri        = roboto_secret.partner_token.uri
  version_id = roboto_secret.partner_token.version_id
}

resource "kubernetes_secret_v1" "partner_token" {
  metadata {
    name = "partner-token"
  }
  data_wo = {
    token = ephemeral.roboto_secret.partner_token.value
  }
  data_wo_revision = local.partner_token_version
}
