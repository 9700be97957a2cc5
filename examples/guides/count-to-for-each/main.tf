resource "roboto_secret" "sensor" {
  for_each = toset(["sensor_gps", "sensor_imu"])
  name     = each.key
}

moved {
  from = roboto_secret.sensor[0]
  to   = roboto_secret.sensor["sensor_gps"]
}

moved {
  from = roboto_secret.sensor[1]
  to   = roboto_secret.sensor["sensor_imu"]
}
