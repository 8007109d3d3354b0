import { type EBSClient, GetSnapshotBlockCommand, ListSnapshotBlocksCommand } from '@aws-sdk/client-ebs';
import { Failure } from '../../packer/index.ts';
import type { Context } from '../cloud.ts';
import { type Extent, sha256Base64 } from '../extents.ts';
import { volumeGiB } from './content.ts';

const AT_ONCE = 16;

/** Throws Failure where size, allocated blocks or content of what arrived are not the file's. */
export async function verifySnapshot(
  ebs: EBSClient,
  snapshotId: string,
  blocks: readonly Extent[],
  { artefact, calls }: Context,
): Promise<void> {
  const { tokens, gib } = await listBlocks(ebs, snapshotId, calls);
  const wrong: Extent[] = [];
  const present = blocks.filter(({ index }) => tokens.has(index));
  await calls.upload({
    name: 'ebs GetSnapshotBlock, to compare',
    input: { SnapshotId: snapshotId },
    all: calls.dry ? blocks : present,
    missing: calls.dry ? blocks : present,
    atOnce: AT_ONCE,
    make: async (block) => {
      const BlockToken = tokens.get(block.index);
      const input = { SnapshotId: snapshotId, BlockIndex: block.index, BlockToken };
      const { BlockData } = await ebs.send(new GetSnapshotBlockCommand(input));
      const arrived = await BlockData?.transformToByteArray();
      if (arrived === undefined || sha256Base64(arrived) !== block.sha256) wrong.push(block);
    },
  });
  if (calls.dry) return;
  const wanted = volumeGiB(artefact);
  const faults = [
    gib === wanted ? [] : `it is of ${gib} GiB instead of ${wanted}`,
    tokens.size === blocks.length && present.length === blocks.length
      ? []
      : `it has ${tokens.size} blocks, ${present.length} of the ${blocks.length} that were sent`,
    wrong.length === 0 ? [] : `${wrong.length} blocks have another content, the first is ${wrong[0]?.index}`,
  ].flat();
  if (faults.length > 0)
    throw new Failure(
      `${snapshotId} is not what was sent to AWS: ${faults.join('; ')}`,
      'delete it in the EC2 console, then run the same command again',
    );
}

function listBlocks(
  ebs: EBSClient,
  snapshotId: string,
  calls: Context['calls'],
): Promise<{ tokens: Map<number, string>; gib: number | undefined }> {
  return calls.call({
    name: 'ebs ListSnapshotBlocks',
    input: { SnapshotId: snapshotId },
    make: async () => {
      const tokens = new Map<number, string>();
      let gib: number | undefined;
      let next: string | undefined;
      do {
        const page = await ebs.send(
          new ListSnapshotBlocksCommand({
            SnapshotId: snapshotId,
            ...(next === undefined ? {} : { NextToken: next }),
          }),
        );
        for (const { BlockIndex, BlockToken } of page.Blocks ?? [])
          if (BlockIndex !== undefined && BlockToken !== undefined) tokens.set(BlockIndex, BlockToken);
        gib = page.VolumeSize;
        next = page.NextToken;
      } while (next !== undefined);
      return { tokens, gib };
    },
    dry: { tokens: new Map<number, string>(), gib: undefined },
  });
}
