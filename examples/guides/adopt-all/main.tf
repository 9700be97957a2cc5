data "roboto_secrets" "sensors" {
  name_prefix = "sensor_"
}

import {
  for_each = data.roboto_secrets.sensors.uris
  to       = roboto_secret.sensor[each.key]
  id       = each.value
}

resource "roboto_secret" "sensor" {
  for_each = data.roboto_secrets.sensors.uris

  name = each.key
}
