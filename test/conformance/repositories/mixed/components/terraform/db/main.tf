variable "alerts" {
  type    = any
  default = null
}
