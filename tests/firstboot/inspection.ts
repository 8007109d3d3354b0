import { expect } from 'vitest';
import type { CredentialField } from '../../firstboot/index.ts';
import type { BareMachine, BootResult } from './bare-machine.ts';

/** What inspect.ts has seen on a machine. */
export interface Inspection {
  readonly env: Readonly<Record<string, string>>;
  readonly credentials: Readonly<Record<CredentialField, string>>;
  readonly logins: {
    readonly service: string;
    readonly wrongPassword: string;
    readonly serviceCreatesTable: string;
    readonly otherDatabase: string;
    readonly ownerBySocket: number | null;
    readonly stranger: number | null;
  };
  readonly grubAsksFor: { readonly menu: boolean; readonly laterMenus: boolean };
  readonly certificateFitsKey: boolean;
  readonly certificateNames: string;
  readonly pairs: number;
  readonly modes: Readonly<Record<string, string>>;
  readonly journal: { readonly secrets?: unknown; readonly machineId: string };
  readonly marker: { readonly machineId: string; readonly version: string };
  readonly leftovers: readonly string[];
  readonly databaseLog: string;
}

export const NODE = '/opt/litellm/bin/node';
export const FIRST_BOOT = [NODE, '/opt/litellm/firstboot.mjs', 'run'] as const;
export const ADDRESS = [NODE, '/opt/litellm/firstboot.mjs', 'address'] as const;

/** Boots the machine as every boot does, sees that this succeeds, and looks around. */
export async function bootAndInspect(machine: BareMachine): Promise<Inspection> {
  const script = `${FIRST_BOOT.join(' ')} && exec ${NODE} /opt/litellm/inspect.mjs`;
  const result = await machine.boot(['sh', '-c', script]);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  return lastLine(result);
}

function lastLine({ stdout }: BootResult): Inspection {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Inspection;
}

/** Every generated value of a machine. */
export function secretsOf({ env, credentials }: Inspection): string[] {
  const { masterKey, saltKey, databasePassword, adminPassword, grubPassword } = credentials;
  return [masterKey, saltKey, databasePassword, adminPassword, grubPassword, env.UI_PASSWORD ?? ''];
}

/** The machine is complete, and every place that holds a value holds the same one. */
export function expectConsistent(inspection: Inspection): void {
  const { env, credentials, logins, modes } = inspection;
  expect(env).toEqual({
    LITELLM_MASTER_KEY: credentials.masterKey,
    LITELLM_SALT_KEY: credentials.saltKey,
    DATABASE_URL: `postgresql://litellm:${credentials.databasePassword}@127.0.0.1:5432/litellm`,
    UI_USERNAME: credentials.adminUser,
    UI_PASSWORD: credentials.adminPassword,
  });
  expect(credentials.masterKey).toMatch(/^sk-[\w-]{43}$/);
  expect(credentials.saltKey).toMatch(/^[\w-]{43}$/);
  expect(credentials.databasePassword).toMatch(/^[\w-]{43}$/);
  expect(logins).toEqual({
    service: 'ok',
    wrongPassword: '28P01',
    serviceCreatesTable: '42501',
    otherDatabase: '28000',
    ownerBySocket: 0,
    stranger: 2,
  });
  expect(credentials.grubPassword).toMatch(/^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/);
  expect(inspection.grubAsksFor).toEqual({ menu: true, laterMenus: true });
  expect(inspection.certificateFitsKey).toBe(true);
  expect(inspection.pairs).toBe(1);
  expect(modes).toEqual({
    credentials: '600',
    serviceEnv: '640',
    providersEnv: '640',
    firstbootState: '700',
    journal: '600',
    key: '600',
    spend: '700',
    grubMenu: '600',
    grubLockScript: '700',
  });
  expect(inspection.journal).not.toHaveProperty('secrets');
  expect(inspection.leftovers).toEqual([]);
  for (const secret of secretsOf(inspection)) expect(inspection.databaseLog).not.toContain(secret);
}
