removed {
  from = roboto_secret.weather_api_key

  lifecycle {
    destroy = false
  }
}
