resource "time_rotating" "recorder_password" {
  rotation_days = 90
}

ephemeral "random_password" "recorder" {
  length = 32
}

resource "roboto_secret" "recorder_password" {
  name             = "recorder_password"
  value_wo         = ephemeral.random_password.recorder.result
  value_wo_version = time_rotating.recorder_password.id
}
