variable "name" {
  type    = any
  default = null
}
variable "namespace" {
  type    = any
  default = null
}
variable "region" {
  type    = any
  default = null
}
variable "stage" {
  type    = any
  default = null
}
variable "versioning_enabled" {
  type    = any
  default = null
}
variable "lifecycle_rules" {
  type    = any
  default = null
}
variable "force_destroy" {
  type    = any
  default = null
}
