# The file has the columns name, version and value.
locals {
  rows     = csvdecode(sensitive(file("${path.module}/robots.csv")))
  versions = nonsensitive({ for row in local.rows : row.name => row.version })
  values   = { for row in local.rows : row.name => row.value }
}

resource "roboto_secret" "robot" {
  for_each = local.versions

  name             = each.key
  value_wo         = local.values[each.key]
  value_wo_version = each.value
}
