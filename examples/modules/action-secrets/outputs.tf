output "uris" {
  description = "URIs of the secrets by parameter."
  value       = { for parameter, secret in roboto_secret.parameter : parameter => secret.uri }
}

output "arguments" {
  description = "The secrets as arguments of roboto actions invoke, one per line, because fish splits nowhere else."
  value       = join("\n", [for parameter, secret in roboto_secret.parameter : "--parameter\n${parameter}=${secret.uri}"])
}

output "version_ids" {
  description = "IDs of the written versions by parameter. They change when a value is written, so they can trigger other resources."
  value       = { for parameter, secret in roboto_secret.parameter : parameter => secret.version_id }
}
