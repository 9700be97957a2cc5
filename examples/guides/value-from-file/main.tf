# A certificate: the line break at its end belongs to it.
resource "roboto_secret" "client_certificate" {
  name     = "client_certificate"
  value_wo = file("${path.module}/client.pem")
}

# A token in a file that an editor ended with a line break.
resource "roboto_secret" "map_token" {
  name     = "map_token"
  value_wo = trimspace(file("${path.module}/token.txt"))
}

variable "recorder_password" {
  description = "Password of the recorder."
  type        = string
  ephemeral   = true
  sensitive   = true
}

# A JSON object.
resource "roboto_secret" "recorder_login" {
  name     = "recorder_login"
  value_wo = jsonencode({ user = "recorder", password = var.recorder_password })
}

# Text of several lines. A heredoc ends with a line break, and chomp removes it.
resource "roboto_secret" "recorder_netrc" {
  name = "recorder_netrc"
  value_wo = chomp(<<-EOT
    machine recorder.example.com
    login recorder
    password ${var.recorder_password}
  EOT
  )
}
