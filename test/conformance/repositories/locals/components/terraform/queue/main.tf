variable "name" {
  type    = any
  default = null
}
