resource "time_static" "created" {}

resource "terraform_data" "database" {
  input = {
    name       = var.name
    engine     = "${var.engine} ${var.engine_version}"
    storage_gb = var.storage_gb
    multi_zone = var.multi_zone
    subnets    = values(var.subnet_ids)
    tags       = var.tags
  }
}

resource "terraform_data" "backups" {
  count = var.backups.enabled ? 1 : 0

  input = {
    database       = terraform_data.database.id
    retention_days = var.backups.retention_days
  }
}
