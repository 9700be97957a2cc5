# Copyright (c) The terraform-provider-roboto Authors
# SPDX-License-Identifier: MPL-2.0

terraform {
  required_version = ">= 1.11.1" # for write-only arguments, and variables that are both ephemeral and sensitive

  required_providers {
    roboto = {
      source = "roboto-ai/roboto"
    }
  }
}

# API key and endpoint come from the environment: ROBOTO_API_KEY and
# ROBOTO_SERVICE_ENDPOINT.
provider "roboto" {}

variable "database_password" {
  description = "Password of the database. Ephemeral: Terraform keeps it nowhere."
  type        = string
  ephemeral   = true
  sensitive   = true
}

variable "database_password_version" {
  description = "Change this whenever database_password changes."
  type        = string
}

variable "webhook_token" {
  description = "Token of the webhook. Ephemeral: Terraform keeps it nowhere."
  type        = string
  ephemeral   = true
  sensitive   = true
}

# With a version: the value is written when the version changes, and only then.
# Planning does not read it.
resource "roboto_secret" "database_password" {
  name             = "database-password"
  value_wo         = var.database_password
  value_wo_version = var.database_password_version
}

# Without a version: each plan compares the value with the stored one, so a change
# is noticed whoever made it.
resource "roboto_secret" "webhook_token" {
  name     = "webhook-token"
  value_wo = var.webhook_token
}

output "database_password_uri" {
  description = "Hand this to the Roboto action that connects to the database."
  value       = roboto_secret.database_password.uri
}

output "webhook_token_uri" {
  description = "Hand this to the Roboto action that calls the webhook."
  value       = roboto_secret.webhook_token.uri
}
