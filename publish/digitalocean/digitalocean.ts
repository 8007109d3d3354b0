import { S3Client } from '@aws-sdk/client-s3';
import type { Cloud, Context, Publication } from '../cloud.ts';
import { readSettings } from '../settings.ts';
import { api } from './api.ts';
import { registeredImage, registerImage } from './custom-image.ts';
import { digitalOceanDialect } from './dialect.ts';
import { fetchAddress, uploadToSpace } from './space.ts';

const wanted = {
  token: ['DIGITALOCEAN_ACCESS_TOKEN', 'an API token'],
  keyId: ['SPACES_ACCESS_KEY_ID', 'a Spaces key'],
  secret: ['SPACES_SECRET_ACCESS_KEY', 'its secret'],
  bucket: ['SPACES_BUCKET', 'the bucket that the image goes to'],
} as const;

/** DigitalOcean: a compressed qcow2 to Spaces, from where it is fetched for a custom image. */
export function openDigitalOcean(environment: NodeJS.ProcessEnv, dry: boolean): Cloud {
  const { token, keyId, secret, bucket } = readSettings(environment, wanted, dry);
  const region = environment.SPACES_REGION || 'nyc3';
  const spaces = environment.SPACES_ENDPOINT || `https://${region}.digitaloceanspaces.com`;
  const control = environment.DIGITALOCEAN_API_URL || 'https://api.digitalocean.com';

  async function publish(context: Context): Promise<Publication> {
    const { artefact } = context;
    const ask = api(control, token);
    const s3 = new S3Client({
      region: 'us-east-1',
      endpoint: spaces,
      forcePathStyle: true,
      credentials: { accessKeyId: keyId, secretAccessKey: secret },
      // Patience is ours: it tells a person, and tests bring its clock.
      maxAttempts: 1,
      // Spaces knows Content-MD5 and none of the newer sums.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    const { name, version, base } = artefact.manifest;
    const place = {
      Bucket: bucket,
      Key: `${name}-${version}-${base}-${artefact.sha256.slice(0, 12)}.qcow2.gz`,
    };
    const found = await registeredImage(ask, context);
    if (found?.status === 'available') return { already: true, ids: { region, image: String(found.id) } };
    await context.log.step('upload the image', () => uploadToSpace(s3, place, context));
    const image = await registerImage(ask, region, () => fetchAddress(s3, place), context);
    return { already: false, ids: { region, object: `${bucket}/${place.Key}`, image: String(image) } };
  }

  return { dialect: digitalOceanDialect, endpoints: [spaces, control], identity: [], publish };
}
