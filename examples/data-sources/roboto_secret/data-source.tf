data "roboto_secret" "weather_api_key" {
  name = "weather_api_key"
}

output "weather_api_key_uri" {
  value = data.roboto_secret.weather_api_key.uri
}
