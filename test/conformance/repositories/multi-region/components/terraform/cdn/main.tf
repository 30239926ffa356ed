variable "price_class" {
  type    = any
  default = null
}
