variable "enabled" {
  type    = any
  default = null
}
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
variable "ipv4_primary_cidr_block" {
  type    = any
  default = null
}
variable "nat_gateway_enabled" {
  type    = any
  default = null
}
variable "nat_instance_ami_id" {
  type    = any
  default = null
}
variable "max_subnet_count" {
  type    = any
  default = null
}
variable "tags" {
  type    = any
  default = null
}
