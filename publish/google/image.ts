import { randomUUID } from 'node:crypto';
import { Failure } from '../../packer/index.ts';
import type { PublishedArtefact } from '../artefact.ts';
import type { Context } from '../cloud.ts';
import type { Send } from './api.ts';
import type { ObjectPlace } from './object.ts';

/** Where an image is registered, and with which licence. */
export interface ImagePlace {
  readonly endpoint: string;
  readonly project: string;
  /** Made in Producer Portal; only a new image takes one. */
  readonly licence: string | undefined;
}

interface ComputeImage {
  readonly id?: string;
  readonly selfLink?: string;
  readonly status?: string;
  readonly description?: string;
}

interface Operation {
  readonly name?: string;
  readonly status?: string;
  readonly error?: { readonly errors?: readonly { readonly code?: string; readonly message?: string }[] };
}

/** What the machine can use. */
const GUEST_OS_FEATURES = ['UEFI_COMPATIBLE', 'GVNIC', 'VIRTIO_SCSI_MULTIQUEUE', 'SEV_CAPABLE'];
const LONGEST_NAME = 63;

/** `litellm-appliance-0-1-0-ubuntu-2404-amd64-20261121`: vendor's product, base, architecture, day. */
export function imageNameOf({ manifest }: PublishedArtefact): string {
  const day = manifest.createdAt.slice(0, 10).replaceAll('-', '');
  const base = manifest.base.replaceAll('.', '');
  const name = `${manifest.name}-${manifest.version}-${base}-amd64-${day}`.replaceAll('.', '-').toLowerCase();
  if (name.length <= LONGEST_NAME) return name;
  throw new Failure(
    `${name} is too long a name for Google Cloud: ${name.length} of at most ${LONGEST_NAME} characters`,
    'shorten name in appliance.yaml',
  );
}

const contentOf = ({ sha256 }: PublishedArtefact): string => `sha256:${sha256}`;

/** The image of this content, once it is ready; undefined while there is none. Throws Failure where its name holds another content. */
export async function registeredImage(
  send: Send,
  { endpoint, project }: ImagePlace,
  { artefact, calls }: Context,
): Promise<ComputeImage | undefined> {
  const name = imageNameOf(artefact);
  const found = await calls.call({
    name: 'compute images.get',
    input: { project, image: name },
    make: async () => {
      const url = `${endpoint}/compute/v1/projects/${project}/global/images/${name}`;
      const { status, data } = await send<ComputeImage>({ method: 'GET', url, accept: [404] });
      return status === 404 ? undefined : data;
    },
    dry: undefined,
  });
  if (found === undefined || found.description?.endsWith(contentOf(artefact))) return found;
  throw new Failure(
    `the image ${name} is there already, with another content`,
    'raise version in appliance.yaml and make the release of that; an image of the same day has the same name',
  );
}

/** Makes an image from the object and waits until it is ready. */
export async function registerImage(
  send: Send,
  place: ImagePlace,
  object: ObjectPlace,
  context: Context,
): Promise<ComputeImage> {
  const { artefact, calls } = context;
  const { endpoint, project, licence } = place;
  const body = {
    name: imageNameOf(artefact),
    description: `${artefact.manifest.name} ${artefact.manifest.version}, ${contentOf(artefact)}`,
    family: artefact.manifest.name,
    architecture: 'X86_64',
    rawDisk: {
      source: `https://storage.googleapis.com/${object.bucket}/${object.name}`,
      containerType: 'TAR',
    },
    guestOsFeatures: GUEST_OS_FEATURES.map((type) => ({ type })),
    ...(licence === undefined ? {} : { licenses: [licence] }),
  };
  const begun = await registeredImage(send, place, context);
  if (begun === undefined) {
    // Google takes what comes with the same id for the same request, also when that has failed: one id for each run.
    const requestId = randomUUID();
    const operation = await calls.call({
      name: 'compute images.insert',
      input: { project, requestId, ...body },
      make: async () => {
        const url = `${endpoint}/compute/v1/projects/${project}/global/images?requestId=${requestId}`;
        return (await send<Operation>({ method: 'POST', url, body })).data;
      },
      dry: { name: 'operation-DRY' },
    });
    await finished(send, place, operation.name ?? '', context);
  }
  return ready(send, place, context);
}

async function finished(send: Send, { endpoint, project }: ImagePlace, name: string, { calls }: Context) {
  await calls.until(
    {
      name: 'compute globalOperations.wait',
      input: { project, operation: name },
      make: async () => {
        const url = `${endpoint}/compute/v1/projects/${project}/global/operations/${name}/wait`;
        return (await send<Operation>({ method: 'POST', url })).data;
      },
      dry: {},
    },
    ({ status, error }) => {
      const [fault] = error?.errors ?? [];
      if (fault !== undefined)
        throw new Failure(
          `Google Cloud could not make the image (${fault.code}): ${fault.message}`,
          'see docs/publisher/publishing.md, mend it, then run the same command again',
        );
      return status === 'DONE';
    },
  );
}

async function ready(send: Send, place: ImagePlace, context: Context): Promise<ComputeImage> {
  const image = await context.calls.until(
    {
      name: 'compute images.get, until it is ready',
      input: { project: place.project, image: imageNameOf(context.artefact) },
      make: () => registeredImage(send, place, context),
      dry: {},
    },
    (found) => {
      if (found === undefined || found.status === 'FAILED')
        throw new Failure(
          'Google Cloud could not make the image',
          'see Compute Engine, Images in the console, delete it there, then run the same command again',
        );
      return found.status === 'READY';
    },
  );
  return image ?? {};
}
