import type { ContainerClient, PageBlobClient } from '@azure/storage-blob';
import { Failure } from '../../packer/index.ts';
import type { PublishedArtefact } from '../artefact.ts';
import type { Calls } from '../calls.ts';
import { dataExtents, type Extent, md5, readPiece, sha256Base64 } from '../extents.ts';
import { azureDialect, orAbsent } from './dialect.ts';

/** The largest write that Put Page takes. */
const PAGE_BYTES = 4 * 2 ** 20;
const AT_ONCE = 8;

interface Range {
  readonly offset: number;
  readonly count: number;
}

/**
 * Uploads a fixed VHD as a page blob: the pieces that hold data and are not there yet. What has arrived is then read back
 * and compared, piece by piece, with what was sent. Safe to repeat, and to break off.
 */
export async function uploadVhd(
  container: ContainerClient,
  blobName: string,
  artefact: PublishedArtefact,
  calls: Calls,
): Promise<void> {
  const blob = container.getPageBlobClient(blobName);
  const extents = await dataExtents(artefact.file, PAGE_BYTES);
  await calls.call({
    name: 'blob Create Container',
    input: { container: container.containerName },
    make: () => container.createIfNotExists(),
    dry: undefined,
  });
  await ensureBlob(blob, artefact, calls);
  const there = await pageRanges(blob, calls);
  await calls.upload({
    name: 'blob Put Page',
    input: { blob: blobName },
    all: extents,
    missing: extents.filter((extent) => !covers(there, extent)),
    atOnce: AT_ONCE,
    make: async (extent) => {
      const bytes = await readPiece(artefact.file, extent);
      await blob.uploadPages(bytes, extent.offset, extent.length, { transactionalContentMD5: md5(bytes) });
    },
  });
  await verify(blob, artefact, extents, calls);
}

async function ensureBlob(
  blob: PageBlobClient,
  { bytes, sha256 }: PublishedArtefact,
  calls: Calls,
): Promise<void> {
  const look = () =>
    calls.call({
      name: 'blob Get Blob Properties',
      input: { blob: blob.name },
      make: () => orAbsent(blob.getProperties()),
      dry: undefined,
    });
  const metadata = { sha256 };
  const found = await calls.ensure<Awaited<ReturnType<typeof look>>>(look, {
    name: 'blob Put Blob',
    input: { blob: blob.name, type: 'PageBlob', bytes, metadata },
    make: async () => {
      await blob.create(bytes, { metadata, conditions: { ifNoneMatch: '*' } });
      return undefined;
    },
    dry: undefined,
  });
  if (found === undefined) return;
  if (found.metadata?.sha256 === sha256 && found.contentLength === bytes && found.blobType === 'PageBlob')
    return;
  throw new Failure(
    `the blob ${blob.name} is there and is not this image's`,
    'delete or rename it in the storage account, then run the same command again',
  );
}

function pageRanges(blob: PageBlobClient, calls: Calls): Promise<Range[]> {
  return calls.call({
    name: 'blob Get Page Ranges',
    input: { blob: blob.name },
    make: async () => {
      const ranges: Range[] = [];
      for await (const { start: offset, end, isClear } of blob.listPageRanges()) {
        const last = ranges.at(-1);
        const count = end - offset + 1;
        if (isClear) continue;
        if (last !== undefined && last.offset + last.count === offset)
          ranges[ranges.length - 1] = { offset: last.offset, count: last.count + count };
        else ranges.push({ offset, count });
      }
      return ranges;
    },
    dry: [],
  });
}

const covers = (ranges: readonly Range[], { offset, length }: Extent): boolean =>
  ranges.some((range) => range.offset <= offset && offset + length <= range.offset + range.count);

/** Size, allocated ranges and content of what arrived. */
async function verify(
  blob: PageBlobClient,
  { bytes }: PublishedArtefact,
  extents: readonly Extent[],
  calls: Calls,
): Promise<void> {
  const properties = await calls.call({
    name: 'blob Get Blob Properties',
    input: { blob: blob.name },
    make: () => blob.getProperties(),
    dry: undefined,
  });
  const ranges = await pageRanges(blob, calls);
  const wrong: Extent[] = [];
  await calls.upload({
    name: 'blob Get Blob, to compare',
    input: { blob: blob.name },
    all: extents,
    missing: extents,
    atOnce: AT_ONCE,
    make: async (extent) => {
      const arrived = await blob.downloadToBuffer(extent.offset, extent.length);
      if (sha256Base64(arrived) !== extent.sha256) wrong.push(extent);
    },
  });
  if (calls.dry) return;
  const allocated = ranges.reduce((sum, { count }) => sum + count, 0);
  const sent = extents.reduce((sum, { length }) => sum + length, 0);
  const faults = [
    properties?.contentLength === bytes
      ? []
      : `it has ${properties?.contentLength} bytes instead of ${bytes}`,
    allocated === sent ? [] : `${allocated} bytes are allocated instead of ${sent}`,
    wrong.length === 0
      ? []
      : `${wrong.length} pieces have another content, the first at byte ${wrong[0]?.offset}`,
  ].flat();
  if (faults.length > 0)
    throw new Failure(
      `the blob ${blob.name} is not what was sent to ${azureDialect.cloud}: ${faults.join('; ')}`,
      'delete it in the storage account, then run the same command again',
    );
}

/** A name that holds no character certification objects to, and that another content never has. */
export function blobNameOf({ manifest, sha256 }: PublishedArtefact): string {
  return `${manifest.name}-${manifest.version}-${manifest.base}-${sha256.slice(0, 12)}.vhd`;
}
