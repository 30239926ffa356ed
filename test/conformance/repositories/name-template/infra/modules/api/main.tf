variable "name" {
  type    = any
  default = null
}
variable "replicas" {
  type    = any
  default = null
}
