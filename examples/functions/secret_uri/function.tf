# "roboto-secret://weather_api_key@og_acme"
output "weather_api_key_uri" {
  value = provider::roboto::secret_uri("weather_api_key", "og_acme")
}

# "roboto-secret://weather_api_key": whoever reads it uses their own organization.
output "weather_api_key_uri_anywhere" {
  value = provider::roboto::secret_uri("weather_api_key")
}
