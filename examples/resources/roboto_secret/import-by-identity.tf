import {
  to = roboto_secret.weather_api_key
  identity = {
    name   = "weather_api_key"
    org_id = "og_acme" # the provider's organization if left out
  }
}
