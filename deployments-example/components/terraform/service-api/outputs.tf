output "url" {
  description = "Where the service answers"
  value       = "http://${var.name}.${substr(terraform_data.task.id, 0, 8)}.internal:${var.port}"
}

output "replicas" {
  description = "How many of it run"
  value       = length(terraform_data.replica)
}

output "image" {
  description = "The image that it runs"
  value       = var.image
}
