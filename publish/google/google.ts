import type { Cloud, Context, Publication } from '../cloud.ts';
import { readSettings } from '../settings.ts';
import { authorised, tokenAddresses } from './api.ts';
import { googleDialect } from './dialect.ts';
import { imageNameOf, registeredImage, registerImage } from './image.ts';
import { uploadObject } from './object.ts';

const wanted = {
  project: ['GOOGLE_CLOUD_PROJECT', 'the project that images are kept in'],
  bucket: ['GOOGLE_BUCKET', 'the bucket that the archive goes to'],
} as const;

/** Google Cloud: an archive with disk.raw to a bucket, and an image made from it. */
export function openGoogle(environment: NodeJS.ProcessEnv, dry: boolean): Cloud {
  const { project, bucket } = readSettings(environment, wanted, dry);
  const storage = environment.GOOGLE_STORAGE_ENDPOINT || 'https://storage.googleapis.com';
  const compute = environment.GOOGLE_COMPUTE_ENDPOINT || 'https://compute.googleapis.com';
  const licence = environment.GOOGLE_IMAGE_LICENCE || undefined;

  async function publish(context: Context): Promise<Publication> {
    const send = authorised();
    const place = { endpoint: compute, project, licence };
    const name = `${imageNameOf(context.artefact)}-${context.artefact.sha256.slice(0, 12)}.tar.gz`;
    const object = { endpoint: storage, bucket, name };
    const found = await registeredImage(send, place, context);
    const already = found?.status === 'READY';
    if (!already) await context.log.step('upload the archive', () => uploadObject(send, object, context));
    const image = already ? found : await registerImage(send, place, object, context);
    const ids = {
      object: `gs://${bucket}/${name}`,
      image: image.selfLink ?? `projects/${project}/global/images/${imageNameOf(context.artefact)}`,
      licence: licence ?? 'none: for private use alone',
    };
    return { already, ids };
  }

  return {
    dialect: googleDialect,
    endpoints: [storage, compute],
    identity: tokenAddresses(environment),
    publish,
  };
}
