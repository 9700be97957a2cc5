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

variable "value_bytes" {
  type = number
}

variable "generation" {
  description = "Another number rotates every secret."
  type        = number
}

variable "versions" {
  type = bool
}

variable "bulk_refresh" {
  type = bool
}

provider "roboto" {
  bulk_refresh = var.bulk_refresh
}

resource "roboto_secret" "bench" {
  count = var.secrets

  name             = "secret-${count.index}"
  value_wo         = format("%-${var.value_bytes}s", "value of secret ${count.index}, generation ${var.generation}")
  value_wo_version = var.versions ? var.generation : null
}
