import type { CisEngine, Facts } from '../appliance/index.ts';
import { Failure } from './failure.ts';

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
