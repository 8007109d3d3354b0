import {
  DescribeImagesCommand,
  type EC2Client,
  GetEbsEncryptionByDefaultCommand,
  type Image,
  RegisterImageCommand,
  type RegisterImageCommandInput,
} from '@aws-sdk/client-ec2';
import { Failure } from '../../packer/index.ts';
import type { Context } from '../cloud.ts';
import { contentTags, contentWords, volumeGiB } from './content.ts';

const ROOT = '/dev/sda1';

/** An account has one image of a name. */
const nameOf = ({ manifest }: Context['artefact']): string =>
  `${manifest.name}-${manifest.version}-${manifest.base}-amd64`;

/** The registered image of this content; undefined while there is none. Throws Failure where its name holds another content. */
export async function registeredImage(
  ec2: EC2Client,
  { artefact, calls }: Context,
): Promise<Image | undefined> {
  const input = { Owners: ['self'], Filters: [{ Name: 'name', Values: [nameOf(artefact)] }] };
  const [found] = await calls.call({
    name: 'ec2 DescribeImages',
    input,
    make: async () => (await ec2.send(new DescribeImagesCommand(input))).Images ?? [],
    dry: [],
  });
  if (found === undefined || found.Description === contentWords(artefact)) return found;
  throw new Failure(
    `the image ${nameOf(artefact)} (${found.ImageId}) is there already, with another content`,
    'raise version in appliance.yaml and make the release of that',
  );
}

/** Throws Failure where the account encrypts every new volume: a marketplace takes no encrypted snapshot. */
export async function refuseEncryptingAccount(ec2: EC2Client, { calls }: Context): Promise<void> {
  const answer = await calls.call({
    name: 'ec2 GetEbsEncryptionByDefault',
    make: () => ec2.send(new GetEbsEncryptionByDefaultCommand({})),
    dry: undefined,
  });
  if (answer?.EbsEncryptionByDefault !== true) return;
  throw new Failure(
    'the account encrypts every new EBS volume, so the snapshot would be encrypted and no marketplace takes it',
    "switch 'Always encrypt new EBS volumes' off in this Region (EC2 console, Data protection and security)",
  );
}

/**
 * Registers a snapshot as an image, unless that was begun before: IMDSv2 only, ENA, UEFI where the machine has it. Returns its
 * id once it is available.
 */
export async function registerImage(ec2: EC2Client, snapshotId: string, context: Context): Promise<string> {
  const { artefact, calls } = context;
  const input: RegisterImageCommandInput = {
    Name: nameOf(artefact),
    Description: contentWords(artefact),
    Architecture: 'x86_64',
    VirtualizationType: 'hvm',
    BootMode: 'uefi-preferred',
    EnaSupport: true,
    ImdsSupport: 'v2.0',
    RootDeviceName: ROOT,
    BlockDeviceMappings: [
      {
        DeviceName: ROOT,
        Ebs: {
          SnapshotId: snapshotId,
          VolumeSize: volumeGiB(artefact),
          VolumeType: 'gp3',
          DeleteOnTermination: true,
        },
      },
    ],
    TagSpecifications: [{ ResourceType: 'image', Tags: contentTags(artefact) }],
  };
  const imageId = await calls.ensure(async () => (await registeredImage(ec2, context))?.ImageId, {
    name: 'ec2 RegisterImage',
    input,
    make: async () => (await ec2.send(new RegisterImageCommand(input))).ImageId ?? '',
    dry: 'ami-DRY',
  });
  await calls.until(
    {
      name: 'ec2 DescribeImages, until it is available',
      input: { ImageIds: [imageId] },
      make: () => registeredImage(ec2, context),
      dry: undefined,
    },
    (image) => {
      if (image?.State === 'failed' || image?.State === 'error')
        throw new Failure(
          `AWS could not register ${imageId}: ${image.StateReason?.Message}`,
          'deregister it in the EC2 console, then run the same command again',
        );
      return image?.State === 'available';
    },
  );
  return imageId;
}
