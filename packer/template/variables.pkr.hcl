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

variable "ssh_private_key_file" {
  type        = string
  description = "The key of this bake, which opens root's door."
}

variable "ssh_host" {
  type        = string
  description = "container: address of the machine that the driver started."
  default     = "127.0.0.1"
}

variable "disk" {
  type        = string
  description = "vm: the disk to start from, a qcow2 file."
  default     = ""
}

variable "disk_sha256" {
  type        = string
  description = "vm: what the disk must be."
  default     = ""
}

variable "seed" {
  type        = string
  description = "vm: ISO image that tells cloud-init to let the key of this bake in."
  default     = ""
}

variable "qemu" {
  type        = string
  description = "vm: the QEMU that runs the machine."
  default     = "qemu-system-x86_64"
}

variable "accelerator" {
  type        = string
  description = "vm: kvm, or QEMU's emulation with its options."
  default     = ""
}

variable "cpu" {
  type        = string
  description = "vm: processor that the guest sees, with QEMU's options for it."
  default     = ""
}

variable "smp" {
  type        = string
  description = "vm: how many processors it has."
  default     = "2"
}

variable "serial_log" {
  type        = string
  description = "vm: file that receives the serial console."
  default     = ""
}

variable "output" {
  type        = string
  description = "vm: directory for the result; Packer makes it."
  default     = "output"
}

variable "pid_file" {
  type        = string
  description = "vm: file that receives QEMU's process id."
  default     = "qemu.pid"
}
