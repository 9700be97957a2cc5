terraform {
  required_version = ">= 1.11.1"

  required_providers {
    roboto = {
      source  = "roboto-ai/roboto"
      version = ">= 0.1"
    }
  }
}
