import type { ComputeManagementClient, GalleryImage, GalleryImageVersion } from '@azure/arm-compute';
import { Failure } from '../../packer/index.ts';
import type { Calls } from '../calls.ts';
import type { Context } from '../cloud.ts';
import { orAbsent } from './dialect.ts';

/** Where versions of an image are kept. */
export interface GalleryPlace {
  readonly resourceGroup: string;
  readonly gallery: string;
  readonly location: string;
}

/** A generation of virtual machines: Azure lists each as an image of its own, made from the same disk. */
export type Generation = 'V1' | 'V2';
export const generations: readonly Generation[] = ['V2', 'V1'];

const TAG = 'content-sha256';
/** Azure counts in three numbers; a version with a suffix has none there. */
const VERSION = /^\d+\.\d+\.\d+$/;

/** One image definition of the gallery and the version that is published now. */
export class GalleryImageOf {
  readonly name: string;
  readonly #client: ComputeManagementClient;
  readonly #place: GalleryPlace;
  readonly #context: Context;
  readonly #generation: Generation;

  constructor(
    client: ComputeManagementClient,
    place: GalleryPlace,
    context: Context,
    generation: Generation,
  ) {
    this.#client = client;
    this.#place = place;
    this.#context = context;
    this.#generation = generation;
    this.name = `${context.facts.name}-gen${generation.slice(1)}`;
  }

  get #calls(): Calls {
    return this.#context.calls;
  }

  get #path(): readonly [string, string, string] {
    return [this.#place.resourceGroup, this.#place.gallery, this.name];
  }

  /** The published version; undefined while there is none. Throws Failure where it holds another content. */
  async version(): Promise<GalleryImageVersion | undefined> {
    const { artefact, facts } = this.#context;
    if (!VERSION.test(facts.version))
      throw new Failure(
        `version ${facts.version} is none that Azure can count`,
        'publish a release: three numbers, MAJOR.MINOR.PATCH',
      );
    const found = await this.#calls.call({
      name: 'gallery image version Get',
      input: { image: this.name, version: facts.version },
      make: () => orAbsent(this.#client.galleryImageVersions.get(...this.#path, facts.version)),
      dry: undefined,
    });
    if (found === undefined || found.tags?.[TAG] === artefact.sha256) return found;
    throw new Failure(
      `version ${facts.version} of ${this.name} is published already, with another content`,
      'raise version in appliance.yaml and make the release of that',
    );
  }

  /** Makes the definition where it is missing, then the version from the blob, and waits until Azure has copied it. */
  async publish(blobUrl: string, storageAccountId: string): Promise<GalleryImageVersion> {
    await this.#ensureDefinition();
    const { artefact, facts } = this.#context;
    const { location } = this.#place;
    const body: GalleryImageVersion = {
      location,
      tags: { [TAG]: artefact.sha256 },
      publishingProfile: { targetRegions: [{ name: location, regionalReplicaCount: 1 }] },
      storageProfile: { osDiskImage: { source: { uri: blobUrl, storageAccountId } } },
    };
    await this.#calls.ensure<unknown>(() => this.version(), {
      name: 'gallery image version Create',
      input: { image: this.name, version: facts.version, ...body },
      make: () =>
        this.#client.galleryImageVersions.createOrUpdate(...this.#path, facts.version, body).submitted(),
      dry: undefined,
    });
    return this.#published(body);
  }

  #published(dry: GalleryImageVersion): Promise<GalleryImageVersion> {
    const { version } = this.#context.facts;
    return this.#calls.until(
      {
        name: 'gallery image version Get, until it has succeeded',
        input: { image: this.name, version },
        make: () => this.#client.galleryImageVersions.get(...this.#path, version),
        dry,
      },
      ({ provisioningState }) => {
        if (provisioningState === 'Failed')
          throw new Failure(
            `Azure could not make version ${version} of ${this.name}`,
            'see its activity log in the portal, delete the failed version there, then run the same command again',
          );
        return provisioningState === 'Succeeded';
      },
    );
  }

  async #ensureDefinition(): Promise<void> {
    const body = this.#definition();
    await this.#calls.ensure<unknown>(() => this.#findDefinition(), {
      name: 'gallery image Create',
      input: { image: this.name, ...body },
      make: () => this.#client.galleryImages.createOrUpdate(...this.#path, body).submitted(),
      dry: undefined,
    });
    const made = await this.#calls.until(
      {
        name: 'gallery image Get, until it has succeeded',
        input: { image: this.name },
        make: () => this.#client.galleryImages.get(...this.#path),
        dry: body,
      },
      ({ provisioningState }) => provisioningState === 'Succeeded',
    );
    this.#refuseOtherKind(made);
  }

  #findDefinition(): Promise<GalleryImage | undefined> {
    return this.#calls.call({
      name: 'gallery image Get',
      input: { image: this.name },
      make: () => orAbsent(this.#client.galleryImages.get(...this.#path)),
      dry: undefined,
    });
  }

  #definition(): GalleryImage {
    const { vendor, name, listing } = this.#context.facts;
    const sku = `gen${this.#generation.slice(1)}`;
    return {
      location: this.#place.location,
      osType: 'Linux',
      osState: 'Generalized',
      architecture: 'x64',
      hyperVGeneration: this.#generation,
      identifier: { publisher: vendor.directory, offer: name, sku },
      features: [
        { name: 'IsAcceleratedNetworkSupported', value: 'True' },
        ...(this.#generation === 'V2' ? [{ name: 'DiskControllerTypes', value: 'SCSI, NVMe' }] : []),
      ],
      ...(listing && { eula: listing.eula, privacyStatementUri: listing.privacy }),
    };
  }

  #refuseOtherKind({ hyperVGeneration, osState }: GalleryImage): void {
    if (hyperVGeneration === this.#generation && osState === 'Generalized') return;
    throw new Failure(
      `${this.name} of the gallery is of generation ${hyperVGeneration} and ${osState}`,
      `delete it in the portal, or name another gallery: it has to be ${this.#generation} and Generalized`,
    );
  }
}
