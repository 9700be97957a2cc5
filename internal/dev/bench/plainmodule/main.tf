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
  description = "Another number updates every resource."
  type        = number
}

variable "terraform_alone" {
  type = bool
}

resource "terraform_data" "bench" {
  count = var.terraform_alone ? var.secrets : 0

  input = "text ${count.index}, generation ${var.generation}"
}

resource "roboto_text" "bench" {
  count = var.terraform_alone ? 0 : var.secrets

  text = "text ${count.index}, generation ${var.generation}"
}
