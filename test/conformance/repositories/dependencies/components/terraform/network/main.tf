variable "cidr" {
  type    = any
  default = null
}
