/** What is left to people once an image is published. */
export interface HandOver {
  /** Steps in the cloud's portal, in their order. */
  readonly portal: readonly string[];
  /** What only the cloud can show. */
  readonly verify: readonly string[];
}

/** Of every cloud: what no emulator and no virtual machine of ours has. */
const everywhere = [
  'the machine boots on the sizes that the listing recommends, and first boot completes',
  'the metadata service gives instance id, public address and region, and the credentials file names them',
  'the disk grows to the size that was asked for',
  'a second machine from the same image has other keys, secrets and host keys',
  'user and key come from the data source of the cloud; every machine of ours had a NoCloud seed beside it',
] as const;

/** docs/publisher/publishing.md explains each of these; a test keeps the two together. */
export const handOver: Readonly<Record<string, HandOver>> = {
  azure: {
    portal: [
      'Compute gallery, Access control: give the principal of Partner Center the role Owner',
      'Partner Center, Technical configuration: one plan, generation 2 and generation 1, each with its image version',
      'Partner Center: open ports 22, 80 and 443, up to six recommended sizes, and the property flags',
      'Partner Center: run the certification, then Review and publish',
      'Gallery: add the regions that buyers launch in to the version',
    ],
    verify: [
      ...everywhere,
      'the certification tests pass on both generations, with an SSH key',
      'the Linux agent reports ready, and an extension can be installed',
      'accelerated networking, NVMe sizes and Secure Boot work as the definitions of the images say',
      'the first admin password is the instance id',
      'the disk is found at every boot without rootdelay=300, of which KRN-02 warns',
    ],
  },
  aws: {
    portal: [
      'IAM: make the role with the policy AWSMarketplaceAmiIngestion, once',
      'Marketplace Management Portal, Update versions: image id, role, user name, scan port 22, usage instructions',
      "Marketplace Management Portal: 'Test add version', then add the version",
      'Marketplace Management Portal: recommended size and security group of the listing',
      'For the public listing: build from a public Ubuntu image of AWS, with its Packer source; an imported disk has not its lineage',
    ],
    verify: [
      ...everywhere,
      'the scan of the marketplace finds no vulnerability, key or password login',
      'IMDSv1 is refused on a machine of this image',
      'ENA and NVMe work on a Nitro size, by UEFI and by BIOS',
      'the Region has no encryption by default, and the snapshot is not encrypted',
    ],
  },
  gcp: {
    portal: [
      'Producer Portal: make the licence, once, and name it in GOOGLE_IMAGE_LICENCE: only a new image takes one',
      'IAM: give allAuthenticatedUsers the role Compute Image User on the image',
      'Producer Portal, Deployment package: name the image, then the Terraform module with its marketplace_test',
      'Producer Portal: the licences of the open-source parts, from the SBOM',
      'For the public listing: build from ubuntu-2404-lts-amd64, with its Packer source; an imported disk has not its lineage',
    ],
    verify: [
      ...everywhere,
      'cloud-image-tests pass, Secure Boot and boot time among them',
      'gVNIC and virtio-scsi work, and a confidential machine (SEV) boots',
      'OS Login and the guest agent work',
    ],
  },
  digitalocean: {
    portal: [
      'Control panel, Custom Images: start a droplet of the smallest size from the image',
      'Droplet: run 90-cleanup.sh and 99-img-check.sh of the marketplace partners, then power it off and take a snapshot',
      'Vendor portal: submit the snapshot with version, base and the list of software',
      'Spaces: delete the object, it is no longer needed',
    ],
    verify: [
      ...everywhere,
      '99-img-check.sh neither fails nor warns',
      "the buyer's key opens root, and no password does",
      'the message of the day names the credentials file',
    ],
  },
};
