# Copyright (c) The terraform-provider-roboto Authors
# SPDX-License-Identifier: MPL-2.0

variable "secrets" {
  type = number
}

variable "generation" {
  description = "Another number updates every resource."
  type        = number
}

resource "terraform_data" "bench" {
  count = var.secrets

  input = "text ${count.index}, generation ${var.generation}"
}
