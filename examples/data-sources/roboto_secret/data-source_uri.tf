variable "api_key_uri" {
  description = "URI of the secret that holds the API key."
  type        = string
}

# A missing secret is an error, so this also checks a URI that a module is given.
data "roboto_secret" "api_key" {
  uri = var.api_key_uri
}
