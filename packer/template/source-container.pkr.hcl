# A root tree that runs as a systemd-nspawn machine. The driver starts it, ends it and makes the disk.
source "null" "container" {
  communicator         = "ssh"
  ssh_host             = var.ssh_host
  ssh_username         = "root"
  ssh_private_key_file = var.ssh_private_key_file
  ssh_timeout          = "2m"
}
