locals {
  expected_org_id = "og_acme"
}

check "right_organization" {
  assert {
    condition     = contains(data.roboto_organizations.mine.organizations[*].org_id, local.expected_org_id)
    error_message = "The owner of the API key does not belong to ${local.expected_org_id}."
  }
}
