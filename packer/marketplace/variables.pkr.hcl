variable "playbook" {
  type        = string
  description = "The playbook, as an absolute path."
}

variable "ansible_playbook" {
  type        = string
  description = "The ansible-playbook program of the pinned environment."
}

variable "ansible_variables" {
  type        = string
  description = "JSON file with the variables that the playbook gets."
}

variable "ansible_config" {
  type        = string
  description = "Ansible's configuration for a bake."
}

variable "work" {
  type        = string
  description = "Directory for logs, for what the machine holds, and for the evidence that is made from it."
}

variable "evidence_command" {
  type        = list(string)
  description = "Program with its arguments that judges <work>/tree.tar.gz and makes <work>/evidence.tar; gets the build's user last."

  validation {
    condition     = length(var.evidence_command) > 0
    error_message = "Name the program: an image without its evidence is not made."
  }
}

variable "image_name" {
  type        = string
  description = "Name of the image, new for each release: vendor-product-system-architecture-date."

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", var.image_name))
    error_message = "The name must be 1 to 63 small letters, digits and dashes, and begin with a letter: Google takes no other."
  }
}

variable "image_version" {
  type        = string
  description = "Version of the image, three numbers: Azure's gallery takes no other."

  validation {
    condition     = can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+$", var.image_version))
    error_message = "The version must be three numbers: 1.2.3."
  }
}

variable "description" {
  type        = string
  description = "What a person who lists images reads."
}
