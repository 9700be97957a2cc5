list "roboto_secret" "sensors" {
  provider = roboto

  config {
    name_prefix = "sensor_"
  }
}
