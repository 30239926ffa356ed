output "endpoint" {
  description = "Host and port"
  value       = "${var.name}-${substr(terraform_data.database.id, 0, 8)}.db.internal:5432"
}
