resource "roboto_secret" "weather_api_key" { # was roboto_secret.weather
  name = "weather_api_key"
}

moved {
  from = roboto_secret.weather
  to   = roboto_secret.weather_api_key
}
