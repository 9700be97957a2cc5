ephemeral "roboto_secret" "good" {
  name       = "weather_api_key"
  version_id = "00000000-0000-0000-0000-000000000000" # the version to go back to
}

resource "roboto_secret" "weather_api_key" {
  name             = "weather_api_key"
  value_wo         = ephemeral.roboto_secret.good.value
  value_wo_version = "3" # any text other than the one before
}
