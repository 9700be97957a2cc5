variable "recorder_password" {
  description = "Password of the recorder."
  type        = string
  ephemeral   = true
  sensitive   = true
}

locals {
  netrc = file("${path.module}/netrc.tftpl")
}

resource "roboto_secret" "recorder_netrc" {
  name     = "recorder_netrc"
  value_wo = templatestring(local.netrc, { password = var.recorder_password })
}
