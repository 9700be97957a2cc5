resource "roboto_secret" "parameter" {
  for_each = var.secrets

  name             = "${var.action}_${each.key}"
  org_id           = var.org_id
  value_wo         = var.values[each.key]
  value_wo_version = each.value.version
}
