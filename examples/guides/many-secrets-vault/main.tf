terraform {
  required_providers {
    vault = {
      source  = "hashicorp/vault"
      version = "~> 5.0"
    }
    roboto = {
      source  = "roboto-ai/roboto"
      version = "~> 0.1"
    }
  }
}

locals {
  versions = {
    robot_001 = "1"
    robot_002 = "1"
  }
}

ephemeral "vault_kv_secret_v2" "robot" {
  for_each = local.versions

  mount = "secret"
  name  = "robots/${each.key}"
}

resource "roboto_secret" "robot" {
  for_each = local.versions

  name             = "${each.key}_api_key"
  value_wo         = ephemeral.vault_kv_secret_v2.robot[each.key].data["api_key"]
  value_wo_version = each.value
}
