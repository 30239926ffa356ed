variable "nodes" {
  type    = any
  default = null
}
