variable "weather_api_key" {
  type      = string
  ephemeral = true
  sensitive = true
}

resource "roboto_secret" "weather_api_key" {
  name                = "weather_api_key"
  value_wo            = var.weather_api_key
  value_wo_version    = "1"
  deletion_protection = true

  lifecycle {
    destroy = false
  }
}
