variable "weather_api_key" {
  description = "API key of the weather service. If it is null, a person writes the value."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true
}

resource "roboto_secret" "weather_api_key" {
  name     = "weather_api_key"
  value_wo = var.weather_api_key
}
