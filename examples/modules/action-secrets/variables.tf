variable "action" {
  description = "Name of the action that uses the secrets. The secrets' names begin with it."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+$", var.action))
    error_message = "An action's name consists of letters, digits, \"_\" and \"-\"."
  }
}

variable "org_id" {
  description = "ID of the organization that owns the secrets. Defaults to the provider's organization."
  type        = string
  default     = null
}

variable "secrets" {
  description = "Secrets by the parameter of the action that takes them. A value is written again when its version changes."
  type        = map(object({ version = string }))

  validation {
    condition     = alltrue([for parameter in keys(var.secrets) : can(regex("^[A-Za-z0-9_-]+$", parameter))])
    error_message = "A parameter's name consists of letters, digits, \"_\" and \"-\"."
  }
}

variable "values" {
  description = "Values by parameter. They go to AWS Secrets Manager and are not stored by Terraform."
  type        = map(string)
  ephemeral   = true
  sensitive   = true
}
