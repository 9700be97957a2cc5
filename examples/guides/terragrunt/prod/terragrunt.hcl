terraform {
  source = "../secrets"
}

# No value of a secret here: it comes from TF_VAR_weather_api_key in the environment.
inputs = {
  org_id                  = "og_acme"
  weather_api_key_version = "1.10" # in quotes, else it is the number 1.1
}
