import type { Facts } from '../appliance/index.ts';
import type { DriverName } from './driver.ts';
import { Failure } from './failure.ts';

/** What a person asked `make image` for. */
export interface ImageOptions {
  /** Undefined takes what ships, or its stand-in. */
  readonly base: string | undefined;
  readonly target: string;
  /** Undefined takes what this machine can run. */
  readonly driver: DriverName | undefined;
  readonly keep: boolean;
  /** Undefined takes ansible/playbook.yml. */
  readonly playbook: string | undefined;
}

const DRIVERS = ['vm', 'container'] as const;
const SWITCHES = ['0', '1'] as const;
/** A target that needs nothing but the image itself. */
const DEFAULT_TARGET = 'qemu';

/** Reads the settings of `make image`. Throws Failure for a value that is not known, listing the choices. */
export function imageOptions(environment: NodeJS.ProcessEnv, facts: Facts): ImageOptions {
  const choice = <T extends string>(name: string, choices: readonly T[]): T | undefined => {
    const value = environment[name];
    if (value === undefined || value === '') return undefined;
    const found = choices.find((known) => known === value);
    if (found === undefined)
      throw new Failure(`${name}=${value} is not known`, `choose one of ${choices.join(', ')}`);
    return found;
  };
  return {
    base: choice('BASE', Object.keys(facts.bases)),
    target: choice('TARGET', Object.keys(facts.targets)) ?? DEFAULT_TARGET,
    driver: choice('DRIVER', DRIVERS),
    keep: choice('KEEP', SWITCHES) === '1',
    playbook: environment.PLAYBOOK || undefined,
  };
}
