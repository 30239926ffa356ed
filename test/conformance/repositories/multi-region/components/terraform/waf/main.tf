variable "scope" {
  type    = any
  default = null
}
