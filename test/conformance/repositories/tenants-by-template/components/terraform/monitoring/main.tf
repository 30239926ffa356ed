variable "flavor" {
  type    = any
  default = null
}
