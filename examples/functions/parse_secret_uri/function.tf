variable "api_key_uri" {
  description = "URI of the secret that holds the API key."
  type        = string
  default     = "roboto-secret://weather_api_key@og_acme"

  validation {
    condition     = can(provider::roboto::parse_secret_uri(var.api_key_uri))
    error_message = "Give the URI of a secret: roboto-secret://name@org_id."
  }
}

# {"name" = "weather_api_key", "org_id" = "og_acme"}
output "api_key" {
  value = provider::roboto::parse_secret_uri(var.api_key_uri)
}
