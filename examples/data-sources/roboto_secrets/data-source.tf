data "roboto_secrets" "sensors" {
  name_prefix = "sensor_"
}

# For example {"sensor_gps" = "roboto-secret://sensor_gps@og_acme"}.
output "sensor_secret_uris" {
  value = data.roboto_secrets.sensors.uris
}
