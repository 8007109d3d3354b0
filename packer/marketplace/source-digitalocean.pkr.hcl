# DigitalOcean: a snapshot of a droplet. Its disk is the least that a buyer can pick, so it must not be larger than that of
# any size that is listed: droplet-sizes.yaml.
variable "digitalocean_token" {
  type        = string
  description = "digitalocean: API token, from the environment only."
  default     = env("DIGITALOCEAN_TOKEN")
  sensitive   = true
}

variable "digitalocean_region" {
  type        = string
  description = "digitalocean: region of the build droplet and of the snapshot."
  default     = "fra1"
}

source "digitalocean" "digitalocean" {
  api_token = var.digitalocean_token
  region    = var.digitalocean_region
  size      = "s-1vcpu-1gb"
  image     = "ubuntu-24-04-x64"

  # What the Marketplace's own check wants absent.
  droplet_agent      = false
  monitoring         = false
  ipv6               = false
  private_networking = false

  snapshot_name          = var.image_name
  snapshot_regions       = [var.digitalocean_region]
  snapshot_tags          = ["version-${replace(var.image_version, ".", "-")}"]
  wait_snapshot_transfer = true

  communicator              = "ssh"
  ssh_username              = "root"
  temporary_key_pair_type   = "ed25519"
  ssh_clear_authorized_keys = true
}
