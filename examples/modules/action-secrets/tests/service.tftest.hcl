# Runs against a Roboto: the embedded one of the provider's repository, or an
# organization for tests. Creates secrets there and deletes them again.
variables {
  action  = "forecast"
  secrets = { api_key = { version = "1" } }
  values  = { api_key = "not a real key" }
}

run "creates_secrets" {
  assert {
    condition     = startswith(output.uris["api_key"], "roboto-secret://forecast_api_key@")
    error_message = "The URI is ${output.uris["api_key"]}."
  }

  assert {
    condition     = roboto_secret.parameter["api_key"].version_id != null
    error_message = "No value was written."
  }
}

run "writes_again_when_the_version_changes" {
  variables {
    secrets = { api_key = { version = "2" } }
    values  = { api_key = "not a real key either" }
  }

  assert {
    condition     = roboto_secret.parameter["api_key"].version_id != run.creates_secrets.version_ids["api_key"]
    error_message = "The value was not written again."
  }
}
