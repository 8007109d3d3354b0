import { bare } from './bare.ts';
import { crabllm } from './crabllm.ts';
import { direct } from './direct.ts';
import { litellm } from './litellm.ts';
import { nginx } from './nginx.ts';
import { ours, oursFree, oursKey } from './ours.ts';
import type { Peer } from './peer.ts';
import { portkey, portkeyOnOurNode } from './portkey.ts';

/** Everything that can be measured, in the order of the turns. */
export const allPeers: readonly Peer[] = [
  direct,
  nginx,
  bare,
  ours,
  oursKey,
  oursFree,
  crabllm,
  portkey,
  portkeyOnOurNode,
  litellm,
];
