import type { CisEngine, Facts } from '../appliance/index.ts';
import type { Ansible } from './ansible.ts';
import { Failure } from './failure.ts';
import { ensureLockdown, type LockdownRole } from './lockdown-role.ts';

/** Throws Failure when a base cannot be hardened by this engine, naming what it can be hardened by. */
export function demandEngine({ bases }: Facts, base: string, engine: CisEngine): void {
  const possible = bases[base]?.cisEngines ?? [];
  if (possible.includes(engine)) return;
  const fitting = Object.keys(bases).filter((name) => bases[name]?.cisEngines.includes(engine));
  throw new Failure(
    `CIS_ENGINE=${engine} does not know the base ${base}`,
    `with this base CIS_ENGINE is ${possible.join(' or ')}; ${engine} hardens BASE=${fitting.join(', ')}`,
  );
}

/** What hardens a base before our own roles do, on this machine; undefined where only they do. Throws as `demandEngine`. */
export async function hardeningRole(
  facts: Facts,
  base: string,
  engine: CisEngine,
  ansible: Pick<Ansible, 'galaxy'>,
): Promise<LockdownRole | undefined> {
  demandEngine(facts, base, engine);
  return engine === 'lockdown' ? ensureLockdown(ansible) : undefined;
}
