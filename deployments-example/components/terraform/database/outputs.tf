output "endpoint" {
  description = "Host and port"
  value       = "${var.name}-${substr(terraform_data.database.id, 0, 8)}.db.internal:5432"
}

output "created" {
  description = "When it was created, in RFC 3339"
  value       = time_static.created.rfc3339
}
