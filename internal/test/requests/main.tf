# Copyright (c) The terraform-provider-roboto Authors
# SPDX-License-Identifier: MPL-2.0

terraform {
  required_providers {
    roboto = {
      source = "roboto-ai/roboto"
    }
  }
}

variable "secrets" {
  type = number
}

variable "generation" {
  description = "Another number rotates every secret."
  type        = number
}

variable "versions" {
  description = "Whether each secret has a value_wo_version."
  type        = bool
  default     = true
}

variable "bulk_refresh" {
  type    = bool
  default = false
}

variable "listed" {
  description = "How many secrets a data source is to find, if there is to be one."
  type        = number
  default     = null
}

variable "name_prefix" {
  type    = string
  default = null
}

provider "roboto" {
  bulk_refresh = var.bulk_refresh
}

resource "roboto_secret" "managed" {
  count = var.listed == null ? var.secrets : 0

  name             = "secret-${count.index}"
  value_wo         = "value of secret ${count.index}, generation ${var.generation}"
  value_wo_version = var.versions ? var.generation : null
}

data "roboto_secrets" "listed" {
  count = var.listed == null ? 0 : 1

  name_prefix = var.name_prefix

  lifecycle {
    postcondition {
      condition     = length(self.names) == var.listed
      error_message = "Listed are ${length(self.names)}."
    }
  }
}
