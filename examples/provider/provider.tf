terraform {
  required_providers {
    roboto = {
      source  = "roboto-ai/roboto"
      version = "~> 0.1"
    }
  }
}

# The API key comes from ROBOTO_API_KEY or from ~/.roboto/config.json.
provider "roboto" {
  org_id = "og_acme"
}
