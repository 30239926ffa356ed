variable "name" {
  type    = any
  default = null
}
output "endpoint" {
  value = var.name
}
