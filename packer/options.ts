import { type CisEngine, cisEngines, type Facts } from '../appliance/index.ts';
import { demandEngine } from './cis-engine.ts';
import type { DriverName } from './driver.ts';
import { Failure } from './failure.ts';

/** What a person asked `make image` for. */
export interface ImageOptions {
  /** Undefined takes what ships, or its stand-in. */
  readonly base: string | undefined;
  readonly target: string;
  /** Undefined takes what this machine can run. */
  readonly driver: DriverName | undefined;
  /** The machine that the finished image is judged in. */
  readonly audit: AuditMachine;
  readonly keep: boolean;
  /** What is made in the end: a tree is sealed, but neither judged nor made a disk. */
  readonly until: Product;
  readonly cisEngine: CisEngine;
  /** Undefined takes ansible/playbook.yml. */
  readonly playbook: string | undefined;
}

const AUDITS = ['vm', 'container'] as const;
/** A virtual machine that boots the disk, or a container with its root tree. */
export type AuditMachine = (typeof AUDITS)[number];

const PRODUCTS = ['tree', 'image'] as const;
/** What a run ends with. */
export type Product = (typeof PRODUCTS)[number];

const DRIVERS = ['vm', 'container'] as const;
const SWITCHES = ['0', '1'] as const;
/** The target that wants nothing of its own: its machine is the one that is baked for all of them. */
export const PLAIN_TARGET = 'qemu';
const DEFAULT_ENGINE = 'own';

/**
 * Reads the settings of `make image`. Throws Failure for a value that is not known, listing the choices, and for a base
 * that cannot be hardened as it is asked for.
 */
export function imageOptions(environment: NodeJS.ProcessEnv, facts: Facts): ImageOptions {
  const choice = <T extends string>(name: string, choices: readonly T[]): T | undefined => {
    const value = environment[name];
    if (value === undefined || value === '') return undefined;
    const found = choices.find((known) => known === value);
    if (found === undefined)
      throw new Failure(`${name}=${value} is not known`, `choose one of ${choices.join(', ')}`);
    return found;
  };
  const base = choice('BASE', Object.keys(facts.bases));
  const cisEngine = choice('CIS_ENGINE', cisEngines) ?? DEFAULT_ENGINE;
  if (base !== undefined) demandEngine(facts, base, cisEngine);
  return {
    base,
    target: choice('TARGET', Object.keys(facts.targets)) ?? PLAIN_TARGET,
    driver: choice('DRIVER', DRIVERS),
    audit: choice('AUDIT', AUDITS) ?? 'vm',
    keep: choice('KEEP', SWITCHES) === '1',
    until: choice('UNTIL', PRODUCTS) ?? 'image',
    cisEngine,
    playbook: environment.PLAYBOOK || undefined,
  };
}
