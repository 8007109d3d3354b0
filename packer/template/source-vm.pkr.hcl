# A virtual machine that boots a copy of a disk; Packer starts it, and the copy is the result.
source "qemu" "vm" {
  iso_url          = var.disk
  iso_checksum     = "sha256:${var.disk_sha256}"
  disk_image       = true
  use_backing_file = false
  skip_resize_disk = true
  skip_compaction  = true
  format           = "qcow2"
  disk_interface   = "virtio"
  net_device       = "virtio-net"
  headless         = true
  boot_wait        = "1s"

  # The accelerator is part of qemuargs: Packer's own option cannot say more than its name.
  accelerator = "none"
  qemu_binary = var.qemu
  qemuargs = [
    ["-machine", "type=q35"],
    ["-accel", var.accelerator],
    ["-cpu", var.cpu],
    ["-smp", var.smp],
    ["-m", "2048M"],
    ["-cdrom", var.seed],
    ["-serial", "file:${var.serial_log}"],
    ["-device", "virtio-rng-pci"],
    ["-pidfile", var.pid_file],
    # By itself Packer would let the whole network come to the machine's SSH.
    ["-netdev", "user,id=user.0,hostfwd=tcp:127.0.0.1:{{ .SSHHostPort }}-:22"],
  ]

  output_directory = var.output
  vm_name          = "disk.qcow2"

  communicator         = "ssh"
  ssh_username         = "root"
  ssh_private_key_file = var.ssh_private_key_file
  ssh_timeout          = "10m"
  shutdown_command     = "systemctl poweroff"
  shutdown_timeout     = "5m"
}
