terraform {
  required_providers {
    random = {
      source  = "hashicorp/random"
      version = "~> 3.7"
    }
    roboto = {
      source  = "roboto-ai/roboto"
      version = "~> 0.1"
    }
  }
}

locals {
  # The version of each robot's password. Change one to rotate it.
  robots = {
    robot_001 = "1"
    robot_002 = "1"
  }
}

ephemeral "random_password" "robot" {
  for_each = local.robots

  length = 32
}

resource "roboto_secret" "robot" {
  for_each = local.robots

  name             = "${each.key}_password"
  value_wo         = ephemeral.random_password.robot[each.key].result
  value_wo_version = each.value
}

output "password_uris" {
  value = { for robot, secret in roboto_secret.robot : robot => secret.uri }
}
