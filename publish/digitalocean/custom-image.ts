import { Failure } from '../../packer/index.ts';
import type { PublishedArtefact } from '../artefact.ts';
import type { Context } from '../cloud.ts';
import { unsigned } from '../trouble.ts';
import type { Ask } from './api.ts';

interface CustomImage {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly tags?: readonly string[];
  readonly error_message?: string;
}

interface Page {
  readonly images: readonly CustomImage[];
  readonly links?: { readonly pages?: { readonly next?: string } };
}

const PER_PAGE = 200;
/** States that a custom image does not leave again. */
const ENDED = ['deleted', 'retired'];

/** Tags take letters, digits, colons, dashes and underscores. */
const tagOf = ({ sha256 }: PublishedArtefact): string => `content-sha256:${sha256}`;
const nameOf = ({ manifest }: PublishedArtefact): string =>
  `${manifest.name}-${manifest.version}-${manifest.base}`;

/** The custom image of this content; undefined while there is none. Throws Failure where its name holds another content. */
export async function registeredImage(
  ask: Ask,
  { artefact, calls }: Context,
): Promise<CustomImage | undefined> {
  const images = await calls.call({
    name: 'GET /v2/images',
    input: { private: true, per_page: PER_PAGE },
    make: () => ownImages(ask),
    dry: [],
  });
  const living = images.filter(({ status }) => !ENDED.includes(status));
  const found = living.find(({ tags }) => tags?.includes(tagOf(artefact)));
  if (found !== undefined) return found;
  const other = living.find(({ name }) => name === nameOf(artefact));
  if (other === undefined) return undefined;
  throw new Failure(
    `the custom image ${other.name} (${other.id}) is there already, with another content`,
    'raise version in appliance.yaml and make the release of that',
  );
}

async function ownImages(ask: Ask): Promise<CustomImage[]> {
  const found: CustomImage[] = [];
  for (let page = 1; ; page += 1) {
    const answer = await ask<Page>('GET', `/v2/images?private=true&per_page=${PER_PAGE}&page=${page}`);
    found.push(...answer.images);
    if (answer.links?.pages?.next === undefined) return found;
  }
}

/** Has DigitalOcean fetch the object and make a custom image of it; waits until it is available. */
export async function registerImage(
  ask: Ask,
  region: string,
  addressOf: () => Promise<string>,
  context: Context,
): Promise<number> {
  const { artefact, calls } = context;
  const body = {
    name: nameOf(artefact),
    distribution: artefact.manifest.base.startsWith('ubuntu') ? 'Ubuntu' : 'Debian',
    region,
    description: `${artefact.manifest.name} ${artefact.manifest.version}`,
    tags: [tagOf(artefact)],
  };
  // The API has no key by which it would know a repeated request.
  const id = await calls.ensure(async () => (await registeredImage(ask, context))?.id, {
    name: 'POST /v2/images',
    input: { ...body, url: 'the object, by an address signed for a day' },
    make: async () => {
      const url = await addressOf();
      const { image } = await ask<{ image: CustomImage }>('POST', '/v2/images', { ...body, url });
      return image.id;
    },
    dry: 0,
  });
  await calls.until(
    {
      name: `GET /v2/images/${id}, until it is available`,
      make: async () => (await ask<{ image: CustomImage }>('GET', `/v2/images/${id}`)).image,
      dry: undefined,
    },
    (image) => {
      if (image !== undefined && (ENDED.includes(image.status) || image.error_message))
        throw new Failure(
          `DigitalOcean could not make the image: ${unsigned(image.error_message || image.status)}`,
          'delete it in the control panel (Backups & Snapshots, Custom Images), then run the same command again',
        );
      return image?.status === 'available';
    },
  );
  return id;
}
