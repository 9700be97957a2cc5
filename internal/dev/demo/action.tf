# Copyright (c) The terraform-provider-roboto Authors
# SPDX-License-Identifier: MPL-2.0

# Changes whenever the password is written.
resource "terraform_data" "password_written" {
  input = roboto_secret.database_password.version_id

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.roboto_action_invoke.check_database]
    }
  }
}

# The action connects to the database. It gets the URI; Roboto puts the password in its
# place when it runs.
action "roboto_action_invoke" "check_database" {
  config {
    name             = "check-database"
    parameter_values = { password = roboto_secret.database_password.uri }
  }
}
