data "roboto_organizations" "mine" {}

# For example {"Acme Robotics" = "og_acme_robotics"}.
output "org_ids" {
  value = data.roboto_organizations.mine.org_ids
}
