variable "map_service_token" {
  description = "Token of the map service."
  type        = string
  ephemeral   = true
  sensitive   = true
}

# Without value_wo_version, each plan compares the value with the stored one.
resource "roboto_secret" "map_service_token" {
  name     = "map_service_token"
  value_wo = var.map_service_token
}
