import {
  to = roboto_secret.weather_api_key
  id = "weather_api_key@og_acme" # or the URI, or the name alone
}
