data "roboto_secret" "source" {
  uri             = "roboto-secret://weather_api_key@og_acme"
  read_version_id = true
}

ephemeral "roboto_secret" "source" {
  uri        = data.roboto_secret.source.uri
  version_id = data.roboto_secret.source.version_id
}

resource "roboto_secret" "copy" {
  name             = "weather_api_key"
  org_id           = "og_acme_staging"
  value_wo         = ephemeral.roboto_secret.source.value
  value_wo_version = data.roboto_secret.source.version_id
}
