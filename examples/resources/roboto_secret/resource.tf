variable "weather_api_key" {
  description = "API key of the weather service."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "roboto_secret" "weather_api_key" {
  name             = "weather_api_key"
  value_wo         = var.weather_api_key
  value_wo_version = "1" # to write the value again, change this to any other text
}

output "weather_api_key_uri" {
  value = roboto_secret.weather_api_key.uri
}
