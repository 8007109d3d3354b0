import { createHash, randomUUID } from 'node:crypto';
import {
  CompleteSnapshotCommand,
  type EBSClient,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
} from '@aws-sdk/client-ebs';
import { DescribeSnapshotsCommand, type EC2Client, type Snapshot } from '@aws-sdk/client-ec2';
import { Failure } from '../../packer/index.ts';
import type { Context } from '../cloud.ts';
import { dataExtents, type Extent, readPiece } from '../extents.ts';
import { Memory } from '../memory.ts';
import { contentTags, contentWords, volumeGiB } from './content.ts';
import { verifySnapshot } from './verify-snapshot.ts';

/** The only block size that EBS knows. */
const BLOCK_BYTES = 512 * 1024;
const AT_ONCE = 16;
/** EBS gives a snapshot up after so many minutes without a block: the longest it allows, three days. */
const TIMEOUT_MINUTES = 4320;
/** How many blocks may be sent twice after the machine has lost its power. */
const REMEMBER_EVERY = 64;

/** A snapshot that was begun. Only its owner can know which blocks it has: EBS lists them once it is complete. */
interface Begun {
  /** Makes StartSnapshot repeatable. */
  readonly token: string;
  readonly snapshotId?: string;
  readonly written: readonly number[];
}

/** Brings a raw disk into an EBS snapshot: the blocks that hold data and are not there yet. Returns its id, complete and verified. */
export async function uploadSnapshot(ebs: EBSClient, ec2: EC2Client, context: Context): Promise<string> {
  const { artefact, calls, log } = context;
  const blocks = await dataExtents(artefact.file, BLOCK_BYTES);
  const memory = new Memory<Begun>(context.memory);
  const before = calls.dry ? undefined : memory.read();
  const underWay = (before?.written.length ?? 0) < blocks.length ? before?.snapshotId : undefined;
  const finished = await finishedSnapshot(ec2, underWay, context);
  if (finished !== undefined) {
    log.note(`${finished} holds this image already`);
    await verifySnapshot(ebs, finished, blocks, context);
    memory.forget();
    return finished;
  }
  const begun = await begin(ebs, ec2, context, memory, before);
  const { snapshotId } = begun;
  const written = new Set(begun.written);
  const remember = (): void => memory.write({ ...begun, written: [...written] });
  try {
    await calls.upload({
      name: 'ebs PutSnapshotBlock',
      input: { SnapshotId: snapshotId, DataLength: BLOCK_BYTES, ChecksumAlgorithm: 'SHA256' },
      all: blocks,
      missing: blocks.filter(({ index }) => !written.has(index)),
      atOnce: AT_ONCE,
      make: async (block) => {
        await ebs.send(
          new PutSnapshotBlockCommand({
            SnapshotId: snapshotId,
            BlockIndex: block.index,
            BlockData: await readBlock(artefact.file, block),
            DataLength: BLOCK_BYTES,
            Checksum: block.sha256,
            ChecksumAlgorithm: 'SHA256',
          }),
        );
        written.add(block.index);
        if (written.size % REMEMBER_EVERY === 0) remember();
      },
    });
  } finally {
    if (!calls.dry) remember();
  }
  await complete(ebs, ec2, snapshotId, blocks, context);
  await verifySnapshot(ebs, snapshotId, blocks, context);
  memory.forget();
  return snapshotId;
}

/** EBS takes whole blocks; a disk is a whole number of them. */
async function readBlock(file: string, block: Extent): Promise<Buffer> {
  if (block.length === BLOCK_BYTES) return readPiece(file, block);
  throw new Failure(
    `${file} does not end with a block of ${BLOCK_BYTES} bytes`,
    "make it anew: 'make image TARGET=aws' makes a disk of whole GiB",
  );
}

/** A completed snapshot of this content, other than the one that is under way. */
async function finishedSnapshot(
  ec2: EC2Client,
  underWay: string | undefined,
  { artefact, calls }: Context,
): Promise<string | undefined> {
  const input = {
    OwnerIds: ['self'],
    Filters: [
      { Name: 'description', Values: [contentWords(artefact)] },
      { Name: 'status', Values: ['completed'] },
    ],
  };
  const found = await calls.call({
    name: 'ec2 DescribeSnapshots',
    input,
    make: async () => (await ec2.send(new DescribeSnapshotsCommand(input))).Snapshots ?? [],
    dry: [],
  });
  return found.find(({ SnapshotId }) => SnapshotId !== underWay)?.SnapshotId;
}

/** The snapshot to write to: the one that an earlier run has begun while EBS still keeps it, else a new one. */
async function begin(
  ebs: EBSClient,
  ec2: EC2Client,
  { artefact, calls, log }: Context,
  memory: Memory<Begun>,
  before: Begun | undefined,
): Promise<Begun & { snapshotId: string }> {
  if (before?.snapshotId !== undefined && (await isKept(ec2, before.snapshotId, calls))) {
    log.note(`goes on with ${before.snapshotId}`);
    return { ...before, snapshotId: before.snapshotId };
  }
  // One without an id was not known to have begun: the same token gives the same snapshot, if it did.
  const token = before !== undefined && before.snapshotId === undefined ? before.token : randomUUID();
  if (!calls.dry) memory.write({ token, written: [] });
  const input = {
    VolumeSize: volumeGiB(artefact),
    Description: contentWords(artefact),
    Tags: contentTags(artefact),
    Timeout: TIMEOUT_MINUTES,
  };
  const snapshotId = await calls.call({
    name: 'ebs StartSnapshot',
    input,
    make: async () =>
      (await ebs.send(new StartSnapshotCommand({ ...input, ClientToken: token }))).SnapshotId ?? '',
    dry: 'snap-DRY',
  });
  const begun = { token, snapshotId, written: [] };
  if (!calls.dry) memory.write(begun);
  return begun;
}

async function isKept(ec2: EC2Client, snapshotId: string, calls: Context['calls']): Promise<boolean> {
  const found = await describe(ec2, snapshotId, calls);
  return found !== undefined && found.State !== 'error';
}

/** Undefined where there is none of that id: EBS has given it up. */
function describe(
  ec2: EC2Client,
  snapshotId: string,
  calls: Context['calls'],
): Promise<Snapshot | undefined> {
  return calls.call({
    name: 'ec2 DescribeSnapshots',
    input: { SnapshotIds: [snapshotId] },
    make: async () => {
      try {
        return (await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] }))).Snapshots?.[0];
      } catch (error) {
        if ((error as Error).name === 'InvalidSnapshot.NotFound') return undefined;
        throw error;
      }
    },
    dry: { SnapshotId: snapshotId, State: 'completed' },
  });
}

/** Seals the snapshot: EBS compares the checksum of all blocks' checksums, in their order, with its own. */
async function complete(
  ebs: EBSClient,
  ec2: EC2Client,
  snapshotId: string,
  blocks: readonly Extent[],
  { calls }: Context,
): Promise<void> {
  const all = createHash('sha256');
  for (const { sha256 } of blocks) all.update(Buffer.from(sha256, 'base64'));
  const input = {
    SnapshotId: snapshotId,
    ChangedBlocksCount: blocks.length,
    Checksum: all.digest('base64'),
    ChecksumAlgorithm: 'SHA256',
    ChecksumAggregationMethod: 'LINEAR',
  } as const;
  await calls.call({
    name: 'ebs CompleteSnapshot',
    input,
    make: () => ebs.send(new CompleteSnapshotCommand(input)),
    dry: undefined,
  });
  await calls.until(
    {
      name: 'ec2 DescribeSnapshots, until it is completed',
      input: { SnapshotIds: [snapshotId] },
      make: () => describe(ec2, snapshotId, calls),
      dry: undefined,
    },
    (snapshot) => {
      if (snapshot === undefined || snapshot.State === 'error')
        throw new Failure(
          `${snapshotId} could not be completed: ${snapshot?.StateMessage ?? 'it is gone'}`,
          'run the same command again: it begins a new one',
        );
      return snapshot.State === 'completed';
    },
  );
}
