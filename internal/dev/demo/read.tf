# Copyright (c) The terraform-provider-roboto Authors
# SPDX-License-Identifier: MPL-2.0

# Reads the value that AWS holds. Terraform keeps it nowhere. version_id makes this wait until
# the value is written.
ephemeral "roboto_secret" "database_password" {
  name       = roboto_secret.database_password.name
  version_id = roboto_secret.database_password.version_id
}

# Who is to get the value, another secret here. It could be a database or Kubernetes.
resource "roboto_secret" "reader" {
  name             = "database-password-of-the-reader"
  value_wo         = ephemeral.roboto_secret.database_password.value
  value_wo_version = roboto_secret.database_password.version_id
}
