import type { DeploymentConfig } from '../config/config.ts';
import { publicName } from '../config/model-team.ts';
import { compileDeployment, type Deployment } from './deployment.ts';
import { ModelGroup } from './model-group.ts';
import { compileWildcard, fillWildcard, moreSpecificFirst, type Wildcard } from './wildcard.ts';

/** Names filled into wildcards that are kept compiled; a client can ask for any number of them. */
const FILLED_NAMES = 1000;

/** A public name as `/v1/models` shows it. */
export interface ListedModel {
  readonly name: string;
  readonly accessGroups: readonly string[];
  readonly wildcard: boolean;
}

/** An entry as it is written and as it is called. */
export interface PlannedEntry {
  readonly config: DeploymentConfig;
  readonly deployment: Deployment;
}

interface WildcardGroup {
  readonly wildcard: Wildcard;
  readonly configs: readonly DeploymentConfig[];
}

/** What everybody, or one team, calls the models that are theirs. */
export class ModelNames {
  /** Active public names, in the order of the entries. */
  readonly listed: readonly ListedModel[];
  readonly #exact = new Map<string, ModelGroup>();
  readonly #single = new Map<string, ModelGroup>();
  readonly #wildcards: readonly WildcardGroup[];
  readonly #filled = new Map<string, ModelGroup>();
  readonly #now: () => number;

  /** `taken`: names that are theirs also where nothing serves them; `now` gives epoch milliseconds. */
  constructor(entries: readonly PlannedEntry[], taken: readonly string[], now: () => number) {
    this.#now = now;
    const named = Map.groupBy(entries, ({ config }) => publicName(config));
    for (const name of taken) if (!named.has(name)) named.set(name, []);
    for (const [name, members] of named) {
      const deployments = members.map(({ deployment }) => deployment);
      this.#exact.set(name, new ModelGroup(name, deployments));
      if (name.includes('*')) continue;
      for (const { config, deployment } of members) {
        const single = new ModelGroup(name, [deployment]);
        this.#single.set(deployment.id, single);
        if (config.modelName !== name) this.#single.set(config.modelName, single);
      }
    }
    this.#wildcards = [...named]
      .filter(([name]) => name.includes('*'))
      .sort(([one], [other]) => moreSpecificFirst(one, other))
      .map(([name, members]) => ({
        wildcard: compileWildcard(name),
        configs: members.map(({ config }) => config),
      }));
    this.listed = [...this.#exact.values()]
      .filter(({ active }) => active)
      .map(({ name, accessGroups }) => ({ name, accessGroups, wildcard: name.includes('*') }));
  }

  /** The group of exactly this public name. */
  exact(name: string): ModelGroup | undefined {
    return this.#exact.get(name);
  }

  /** The group that serves a name: exact name, one deployment by its id or the name of its row, then the most specific wildcard. */
  find(name: string): ModelGroup | undefined {
    if (name.includes('*')) return undefined;
    return this.#exact.get(name) ?? this.#single.get(name) ?? this.#filled.get(name) ?? this.#fill(name);
  }

  #fill(name: string): ModelGroup | undefined {
    for (const { wildcard, configs } of this.#wildcards) {
      const values = wildcard.match(name);
      if (values === null) continue;
      const deployments = configs.map((config) =>
        compileDeployment(config, this.#now(), fillWildcard(config.upstreamModel, values)),
      );
      const group = new ModelGroup(name, deployments);
      if (this.#filled.size >= FILLED_NAMES) this.#filled.clear();
      this.#filled.set(name, group);
      return group;
    }
    return undefined;
  }
}
