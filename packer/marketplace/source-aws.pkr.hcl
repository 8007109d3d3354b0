# AWS: an AMI in us-east-1, the only Region that the Marketplace takes one from.
variable "aws_subnet_id" {
  type        = string
  description = "aws: subnet of the build machine; none takes the default VPC's."
  default     = ""
}

source "amazon-ebs" "aws" {
  # Credentials come from AWS's own chain: environment, profile, role.
  region        = "us-east-1"
  instance_type = "t3.medium"
  subnet_id     = var.aws_subnet_id

  source_ami_filter {
    owners      = ["099720109477"] # Canonical
    most_recent = true
    filters = {
      name                = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"
      architecture        = "x86_64"
      virtualization-type = "hvm"
      root-device-type    = "ebs"
    }
  }

  launch_block_device_mappings {
    device_name           = "/dev/sda1"
    volume_size           = 8
    volume_type           = "gp3"
    delete_on_termination = true
  }

  # The build machine speaks IMDSv2 only; require-imdsv2 says the same of the image, since the plugin at the lower end
  # of its range has no word for it. How the image boots (uefi-preferred) it has from Canonical's.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  ami_name        = var.image_name
  ami_description = var.description
  ena_support     = true
  # The Marketplace takes no encrypted snapshot. An account that encrypts every new volume wins over this.
  encrypt_boot = false
  tags = {
    Name    = var.image_name
    Version = var.image_version
  }

  communicator              = "ssh"
  ssh_username              = "ubuntu"
  temporary_key_pair_type   = "ed25519"
  ssh_clear_authorized_keys = true
}
