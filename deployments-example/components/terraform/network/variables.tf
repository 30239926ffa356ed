variable "name" {
  type        = string
  description = "What the network is called"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,40}$", var.name))
    error_message = "A network's name is lower-case letters, digits and hyphens, 3 to 41 of them, and begins with a letter."
  }
}

variable "cidr" {
  type        = string
  description = "Its IPv4 address range"

  validation {
    condition     = can(cidrhost(var.cidr, 0))
    error_message = "A network's range is in CIDR notation: 10.0.0.0/16."
  }
}

variable "zones" {
  type        = number
  description = "In how many zones it has a subnet"

  validation {
    condition     = var.zones >= 1 && var.zones <= 6
    error_message = "A network has from 1 to 6 zones."
  }
}

variable "tags" {
  type        = map(string)
  description = "What its resources are tagged with"
  default     = {}
}
