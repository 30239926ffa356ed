variable "name" {
  type        = string
  description = "What the database is called"

  validation {
    condition     = length(var.name) >= 3
    error_message = "A database's name has at least 3 characters."
  }
}

variable "engine" {
  type        = string
  description = "Which database it is"

  validation {
    condition     = contains(["postgres", "mysql"], var.engine)
    error_message = "The engine is postgres or mysql."
  }
}

variable "engine_version" {
  type        = string
  description = "Its major version"
}

variable "storage_gb" {
  type        = number
  description = "Its storage in gigabytes"

  validation {
    condition     = var.storage_gb >= 10
    error_message = "A database has at least 10 GB."
  }
}

variable "multi_zone" {
  type        = bool
  description = "Whether a replica stands in another zone"
}

variable "backups" {
  type = object({
    enabled        = bool
    retention_days = number
  })
  description = "Whether it is backed up, and for how many days backups are kept"
}

variable "subnet_ids" {
  type        = map(string)
  description = "The subnets that it is in, by zone"

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "A database is in at least one subnet."
  }
}

variable "tags" {
  type        = map(string)
  description = "What its resources are tagged with"
  default     = {}
}
