resource "roboto_secret" "old" {
  name = "weather_key"
}

ephemeral "roboto_secret" "old" {
  uri = roboto_secret.old.uri
}

resource "roboto_secret" "weather_api_key" {
  name             = "weather_api_key"
  value_wo         = ephemeral.roboto_secret.old.value
  value_wo_version = "1"
}
