import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { type MachineFacts, mustRun, runProgram } from '../appliance/index.ts';
import { linkLocalInterfaces, reachableAddresses } from './addresses.ts';
import { systemClock } from './clouds/clock.ts';
import type { MetadataAccess } from './clouds/metadata-client.ts';
import { layoutOf } from './layout.ts';
import type { Machine } from './machine.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const metadata: MetadataAccess = {
  clock: systemClock,
  connectTimeoutMs: SECOND,
  answerTimeoutMs: 2 * SECOND,
  attempts: 5,
  pauseMs: SECOND,
  overallTimeoutMs: 20 * SECOND,
  links: () => linkLocalInterfaces(networkInterfaces()),
};

/** The machine this program runs on. */
export function hostMachine(facts: MachineFacts): Machine {
  const { databaseUnit } = layoutOf(facts);
  const systemctl = async (...args: string[]): Promise<void> => {
    await mustRun(runProgram, 'systemctl', args, { timeoutMs: 5 * MINUTE });
  };
  return {
    facts,
    fs,
    run: runProgram,
    randomBytes: (size) => randomBytes(size),
    now: () => new Date(),
    hostName: hostname,
    localAddresses: () => reachableAddresses(networkInterfaces()),
    database: {
      start: () => systemctl('start', databaseUnit),
      stop: () => systemctl('stop', databaseUnit),
    },
    metadata,
    reloadEdge: () => systemctl('try-reload-or-restart', 'nginx.service'),
    say: (line) => void process.stdout.write(`${line}\n`),
  };
}
