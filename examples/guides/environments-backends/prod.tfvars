# prod.tfvars
org_id                  = "og_acme"
weather_api_key_version = "1"
