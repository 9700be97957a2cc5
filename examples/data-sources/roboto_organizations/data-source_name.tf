data "roboto_secrets" "robotics" {
  org_id = data.roboto_organizations.mine.org_ids["Acme Robotics"]
}
