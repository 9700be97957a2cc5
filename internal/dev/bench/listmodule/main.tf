# Copyright (c) The terraform-provider-roboto Authors
# SPDX-License-Identifier: MPL-2.0

terraform {
  required_providers {
    roboto = {
      source = "roboto-ai/roboto"
    }
  }
}

variable "name_prefix" {
  type = string
}

variable "listed" {
  type = number
}

data "roboto_secrets" "bench" {
  name_prefix = var.name_prefix

  lifecycle {
    postcondition {
      condition     = length(self.names) == var.listed
      error_message = "Listed are ${length(self.names)}."
    }
  }
}
