data "roboto_secret" "weather_api_key" {
  name            = "weather_api_key"
  read_version_id = true
}

locals {
  # A secret without a value is as old as its record.
  written = coalesce(data.roboto_secret.weather_api_key.value_created, data.roboto_secret.weather_api_key.created)
}

check "weather_api_key_is_fresh" {
  assert {
    condition     = timecmp(local.written, timeadd(plantimestamp(), "-${24 * 90}h")) >= 0
    error_message = "The value of weather_api_key is older than 90 days. It was written ${local.written}."
  }
}
