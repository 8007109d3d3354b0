import { EBSClient } from '@aws-sdk/client-ebs';
import { EC2Client } from '@aws-sdk/client-ec2';
import type { Cloud, Context, Publication } from '../cloud.ts';
import { awsDialect } from './dialect.ts';
import { refuseEncryptingAccount, registeredImage, registerImage } from './image.ts';
import { uploadSnapshot } from './snapshot.ts';

/** Where the marketplace takes images from. */
const MARKETPLACE_REGION = 'us-east-1';

/** AWS: a raw disk through the EBS direct APIs into a snapshot, and that registered as an image. */
export function openAws(environment: NodeJS.ProcessEnv): Cloud {
  const region = environment.AWS_REGION || MARKETPLACE_REGION;
  // The names by which AWS's own programs take an endpoint.
  const endpointOf = (service: 'EBS' | 'EC2'): string =>
    environment[`AWS_ENDPOINT_URL_${service}`] ||
    environment.AWS_ENDPOINT_URL ||
    `https://${service.toLowerCase()}.${region}.amazonaws.com`;
  const settings = (service: 'EBS' | 'EC2') => ({
    region,
    endpoint: endpointOf(service),
    // Patience is ours: it tells a person, and tests bring its clock.
    maxAttempts: 1,
  });

  async function publish(context: Context): Promise<Publication> {
    const ec2 = new EC2Client(settings('EC2'));
    const ebs = new EBSClient(settings('EBS'));
    const found = await registeredImage(ec2, context);
    if (found?.State === 'available') return { already: true, ids: { region, image: found.ImageId ?? '' } };
    await refuseEncryptingAccount(ec2, context);
    const snapshot = await context.log.step('upload the snapshot', () => uploadSnapshot(ebs, ec2, context));
    const image = await registerImage(ec2, snapshot, context);
    return { already: false, ids: { region, snapshot, image } };
  }

  const hasOwnKey = environment.AWS_ACCESS_KEY_ID && !environment.AWS_PROFILE;
  return {
    dialect: awsDialect,
    endpoints: [endpointOf('EBS'), endpointOf('EC2')],
    identity: hasOwnKey ? [] : [`https://sts.${region}.amazonaws.com`],
    publish,
  };
}
