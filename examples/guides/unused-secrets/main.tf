data "roboto_secrets" "all" {}

locals {
  long_ago = timeadd(plantimestamp(), "-${24 * 90}h")

  unused = [
    for secret in data.roboto_secrets.all.secrets : secret.name
    if timecmp(coalesce(secret.last_used, secret.created), local.long_ago) < 0
  ]
}

check "secrets_are_used" {
  assert {
    condition     = length(local.unused) == 0
    error_message = "Not used by any action for 90 days: ${join(", ", local.unused)}."
  }
}
