# The file has the columns name, version and value. Excel begins it with a byte order mark.
locals {
  file     = trimprefix(sensitive(file("${path.module}/robots.csv")), "\ufeff")
  rows     = [for row in csvdecode(local.file) : row if row.name != ""]
  versions = nonsensitive({ for row in local.rows : row.name => row.version })
  values   = { for row in local.rows : row.name => row.value }
}

resource "roboto_secret" "robot" {
  for_each = local.versions

  name             = each.key
  value_wo         = local.values[each.key]
  value_wo_version = each.value
}
