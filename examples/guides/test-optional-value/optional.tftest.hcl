mock_provider "roboto" {}

# The variable has the default null, but the test has to set it.
variables {
  weather_api_key = "not a real key"
}

run "creates_the_secret" {
  assert {
    condition     = roboto_secret.weather_api_key.name == "weather_api_key"
    error_message = "The name is ${roboto_secret.weather_api_key.name}."
  }
}
