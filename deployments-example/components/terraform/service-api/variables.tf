variable "name" {
  type        = string
  description = "What the service is called"
}

variable "image" {
  type        = string
  description = "The image that it runs, by digest"

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "An image is named by its digest: registry.example.com/payment-api@sha256:…"
  }
}

variable "port" {
  type        = number
  description = "The port that it listens on"

  validation {
    condition     = var.port > 0 && var.port < 65536
    error_message = "A port is a number from 1 to 65535."
  }
}

variable "replicas" {
  type        = number
  description = "How many of it run"

  validation {
    condition     = var.replicas >= 1
    error_message = "At least one replica runs."
  }
}

variable "environment" {
  type        = map(string)
  description = "Its environment variables"
  default     = {}
}

variable "network_id" {
  type        = string
  description = "The network that it is in"
}

variable "database_url" {
  type        = string
  description = "Where it keeps payments"

  validation {
    condition     = startswith(var.database_url, "postgres://")
    error_message = "The database is named by a URL: postgres://host:port/name."
  }
}

variable "tags" {
  type        = map(string)
  description = "What its resources are tagged with"
  default     = {}
}
