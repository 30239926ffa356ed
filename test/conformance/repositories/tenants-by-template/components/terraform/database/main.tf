variable "size" {
  type    = any
  default = null
}
