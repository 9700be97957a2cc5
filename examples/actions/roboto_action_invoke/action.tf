variable "weather_api_key" {
  type      = string
  ephemeral = true
  sensitive = true
}

resource "roboto_secret" "weather_api_key" {
  name             = "weather_api_key"
  value_wo         = var.weather_api_key
  value_wo_version = "1" # to write the value again, change this

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.roboto_action_invoke.check_weather]
    }
  }
}

# The Roboto action "check-weather" calls the weather service with the key and fails if
# the service refuses. Roboto replaces the URI with the value when the action runs.
# The URI is a literal, because an action should not refer to the resource that triggers
# it.
action "roboto_action_invoke" "check_weather" {
  config {
    name             = "check-weather"
    parameter_values = { api_key = "roboto-secret://weather_api_key" }
  }
}
