# Runs without Roboto: the provider is mocked. A mock has to say what the provider
# would know while planning.
mock_provider "roboto" {
  override_during = plan

  mock_resource "roboto_secret" {
    defaults = {
      uri = "roboto-secret://forecast_api_key@og_acme"
    }
  }
}

variables {
  action  = "forecast"
  secrets = { api_key = { version = "1" } }
  values  = { api_key = "not a real key" }
}

run "names_secrets_after_action_and_parameter" {
  command = plan

  assert {
    condition     = roboto_secret.parameter["api_key"].name == "forecast_api_key"
    error_message = "The name is ${roboto_secret.parameter["api_key"].name}."
  }
}

run "gives_arguments_for_the_action" {
  command = plan

  assert {
    condition     = output.arguments == "--parameter\napi_key=roboto-secret://forecast_api_key@og_acme"
    error_message = "The arguments are ${output.arguments}."
  }
}

run "refuses_names_that_a_shell_would_split" {
  command = plan

  variables {
    action = "weather forecast"
  }

  expect_failures = [var.action]
}
