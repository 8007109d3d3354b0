import {
  checked,
  type Facts,
  type ProductFacts,
  packageNames,
  productSchemas,
  type TargetFacts,
  targetSchemas,
} from './facts.ts';
import { FactsError } from './facts-error.ts';
import { record } from './record-schema.ts';

/**
 * The facts of one image: what appliance.yaml says for its base and target. Baked into the machine as JSON
 * (`paths.machineFacts`); first boot, operator and gateway read that file and never appliance.yaml.
 */
export interface MachineFacts extends ProductFacts, TargetFacts {
  readonly base: string;
  readonly target: string;
  /** PostgreSQL server major of the base. */
  readonly postgresql: number;
  /** nginx `major.minor` of the base. */
  readonly nginx: string;
  /** Packages that the target wants on its machines. */
  readonly agents: readonly string[];
  /** Commit that the image was built from; ends in `-dirty` when the work tree had changes. */
  readonly commit: string;
}

/** How the schema's owner signs in to the machine's own server: by socket, as the system user that it is. */
export const localOwnerUrl = ({ database, users }: MachineFacts): string =>
  `postgresql:///${database}?host=/run/postgresql&user=${users.owner}`;

const text = { type: 'string', minLength: 1 } as const;
const schema = record({
  ...productSchemas,
  base: text,
  target: text,
  postgresql: { type: 'integer' },
  nginx: text,
  agents: packageNames,
  ...targetSchemas,
  commit: text,
});

function known<T>(table: Readonly<Record<string, T>>, name: string, kind: string): T {
  const found = Object.hasOwn(table, name) ? table[name] : undefined;
  if (found === undefined) {
    throw new FactsError(`${kind} '${name}' is not known; choose one of ${Object.keys(table).join(', ')}`);
  }
  return found;
}

/**
 * The facts of a machine baked from `base` for `target`. Throws FactsError for an unknown name, listing the known ones. They
 * are checked here, once, and not by every program that starts on the machine.
 */
export function machineFacts(facts: Facts, base: string, target: string, commit: string): MachineFacts {
  const { bases, targets, image, publisher: _publisher, listing: _listing, ...product } = facts;
  const { postgresql, nginx, agents } = known(bases, base, 'base');
  const ofTarget = known(targets, target, 'target');
  const machine = {
    ...product,
    base,
    target,
    postgresql,
    nginx,
    agents: agents[target] ?? [],
    ...ofTarget,
    commit,
  };
  return checked<MachineFacts>(machine, schema, `the facts of ${base} for ${target}`);
}
