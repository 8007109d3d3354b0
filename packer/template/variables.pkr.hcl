variable "stage" {
  type        = string
  description = "Which part of the build runs: bake, or generalise."
  default     = "bake"
}

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

variable "ansible_log" {
  type        = string
  description = "File that receives what Ansible says."
}

variable "changes" {
  type        = string
  description = "File that the second run writes the tasks to which still changed something."
}

variable "ssh_host" {
  type        = string
  description = "Address of the machine that the container driver started."
  default     = "127.0.0.1"
}

variable "ssh_user" {
  type        = string
  description = "User who may log in with the key of this bake."
  default     = "root"
}

variable "ssh_private_key_file" {
  type        = string
  description = "The key of this bake."
}
