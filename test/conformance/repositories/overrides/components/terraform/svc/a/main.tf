variable "zones" {
  type    = any
  default = null
}
