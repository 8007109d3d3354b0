import { join } from 'node:path';
import { type MachineFacts, machineFacts, readFacts } from '../../appliance/index.ts';
import type { Machine } from '../../firstboot/index.ts';
import type { Operator } from '../../operator/index.ts';

/** What the operator's command has printed so far. */
export interface Printed {
  output: string;
  errors: string;
}

/** Facts of a machine whose every path lies below `root`. */
export function factsBelow(root: string): MachineFacts {
  const facts = machineFacts(readFacts(), 'debian-13', 'qemu', 'abc');
  const paths = Object.entries(facts.paths).map(([name, path]) => [name, join(root, path)]);
  return { ...facts, paths: Object.fromEntries(paths) as typeof facts.paths };
}

/** The operator's command as root on `machine`, around which all is well but for the changes. */
export function fakeOperator(machine: Machine, printed: Printed, changes: Partial<Operator>): Operator {
  return {
    machine,
    isRoot: true,
    nodeVersion: '24',
    write: (text) => {
      printed.output += text;
    },
    writeError: (text) => {
      printed.errors += text;
    },
    readiness: async () => 200,
    servedCertificate: async () => Promise.reject(new Error('not asked for')),
    diskSpace: () => ({ freeBytes: 20 * 1024 ** 3, totalBytes: 40 * 1024 ** 3 }),
    pause: async () => undefined,
    sshClientAddress: () => undefined,
    lookUp: async () => [],
    ask: async () => undefined,
    readSecret: async () => '',
    lines: async function* () {},
    ...changes,
  };
}
