data "roboto_secret" "previous" {
  name            = "weather_api_key"
  read_version_id = true
  version_stage   = "AWSPREVIOUS"
}

output "previous_version" {
  value = {
    id      = data.roboto_secret.previous.version_id
    written = data.roboto_secret.previous.value_created
  }
}
