# Google: an image in a project of the partner, with the licence of its product, which can be attached only now.
variable "gcp_project_id" {
  type        = string
  description = "gcp: project that is built in, and that keeps the image."
  default     = env("GOOGLE_CLOUD_PROJECT")
}

variable "gcp_zone" {
  type        = string
  description = "gcp: zone of the build machine."
  default     = "europe-west1-b"
}

variable "gcp_image_family" {
  type        = string
  description = "gcp: family whose newest member the image becomes."
  default     = ""
}

variable "gcp_licenses" {
  type        = list(string)
  description = "gcp: licences from the Producer Portal, projects/PROJECT/global/licenses/NAME."
  default     = []
}

source "googlecompute" "gcp" {
  # Credentials come from Google's own chain: GOOGLE_APPLICATION_CREDENTIALS, gcloud, the metadata of a machine.
  project_id              = var.gcp_project_id
  zone                    = var.gcp_zone
  machine_type            = "e2-medium"
  source_image_family     = "ubuntu-2404-lts-amd64"
  source_image_project_id = ["ubuntu-os-cloud"]
  disk_size               = 10
  disk_type               = "pd-balanced"
  use_os_login            = false

  image_name              = var.image_name
  image_family            = var.gcp_image_family
  image_description       = var.description
  image_licenses          = var.gcp_licenses
  image_guest_os_features = ["UEFI_COMPATIBLE", "GVNIC", "VIRTIO_SCSI_MULTIQUEUE", "SEV_CAPABLE"]
  image_labels = {
    version = replace(var.image_version, ".", "-")
  }

  enable_secure_boot          = true
  enable_vtpm                 = true
  enable_integrity_monitoring = true

  communicator              = "ssh"
  ssh_username              = "build"
  temporary_key_pair_type   = "ed25519"
  ssh_clear_authorized_keys = true
}
