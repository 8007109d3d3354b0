# Azure: a version in a Compute Gallery of the publisher's own tenant, which Partner Center reads.
variable "azure_subscription_id" {
  type        = string
  description = "azure: the subscription that is built in."
  default     = env("ARM_SUBSCRIPTION_ID")
}

variable "azure_tenant_id" {
  type        = string
  description = "azure: tenant of the service principal; none where the Azure CLI is signed in."
  default     = env("ARM_TENANT_ID")
}

variable "azure_client_id" {
  type        = string
  description = "azure: the service principal; none where the Azure CLI is signed in."
  default     = env("ARM_CLIENT_ID")
}

variable "azure_client_secret" {
  type        = string
  description = "azure: its secret, from the environment only."
  default     = env("ARM_CLIENT_SECRET")
  sensitive   = true
}

variable "azure_location" {
  type        = string
  description = "azure: region of the build machine and of the first replica."
  default     = "westeurope"
}

variable "azure_resource_group" {
  type        = string
  description = "azure: resource group of the gallery."
  default     = ""
}

variable "azure_gallery" {
  type        = string
  description = "azure: the gallery."
  default     = ""
}

variable "azure_image_definition" {
  type        = string
  description = "azure: image definition in the gallery: Linux, generation 2, generalised."
  default     = ""
}

source "azure-arm" "azure" {
  # Without a service principal the plugin uses the sign-in of the Azure CLI.
  use_azure_cli_auth = var.azure_client_id == ""
  subscription_id    = var.azure_subscription_id
  tenant_id          = var.azure_tenant_id
  client_id          = var.azure_client_id
  client_secret      = var.azure_client_secret

  location        = var.azure_location
  vm_size         = "Standard_D2s_v5"
  os_type         = "Linux"
  image_publisher = "Canonical"
  image_offer     = "ubuntu-24_04-lts"
  image_sku       = "server"
  os_disk_size_gb = 30

  shared_image_gallery_destination {
    subscription         = var.azure_subscription_id
    resource_group       = var.azure_resource_group
    gallery_name         = var.azure_gallery
    image_name           = var.azure_image_definition
    image_version        = var.image_version
    replication_regions  = [var.azure_location]
    storage_account_type = "Standard_LRS"
  }
  # A person lets buyers have it, once it is certified.
  shared_gallery_image_version_exclude_from_latest = true

  communicator              = "ssh"
  ssh_username              = "build"
  temporary_key_pair_type   = "ed25519"
  ssh_clear_authorized_keys = true
}
