locals {
  versions = {
    robot_001_key = "1"
    robot_002_key = "1"
  }
}

variable "values" {
  description = "Values of the secrets, by name."
  type        = map(string)
  ephemeral   = true
  sensitive   = true
}

resource "roboto_secret" "robot" {
  for_each = local.versions

  name             = each.key
  value_wo         = var.values[each.key]
  value_wo_version = each.value
}
