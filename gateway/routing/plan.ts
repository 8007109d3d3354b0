import type { Config, DeploymentConfig } from '../config/config.ts';
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

/** The configuration compiled for calls: finding a model group is a look-up. */
export interface Plan {
  /** The group that serves a name: alias, exact name, deployment id, then the most specific wildcard. */
  find(name: string): ModelGroup | undefined;
  /** Active public names and visible aliases, in the order of the file. */
  readonly listed: readonly ListedModel[];
  /** Every entry, as it is written and as it is called. */
  readonly entries: readonly PlannedEntry[];
}

export interface PlannedEntry {
  readonly config: DeploymentConfig;
  readonly deployment: Deployment;
}

interface WildcardGroup {
  readonly wildcard: Wildcard;
  readonly configs: readonly DeploymentConfig[];
}

class CompiledPlan implements Plan {
  readonly listed: readonly ListedModel[];
  readonly entries: readonly PlannedEntry[];
  readonly #exact = new Map<string, ModelGroup>();
  readonly #byId = new Map<string, ModelGroup>();
  readonly #wildcards: readonly WildcardGroup[];
  readonly #filled = new Map<string, ModelGroup>();
  readonly #aliases: Config['aliases'];
  readonly #now: () => number;

  constructor({ deployments, aliases }: Pick<Config, 'deployments' | 'aliases'>, now: () => number) {
    this.#aliases = aliases;
    this.#now = now;
    const compiled = deployments.map((config) => ({ config, deployment: compileDeployment(config, now()) }));
    this.entries = compiled;
    const named = Map.groupBy(compiled, ({ config }) => config.modelName);
    for (const [name, members] of named) {
      const group = new ModelGroup(
        name,
        members.map(({ deployment }) => deployment),
      );
      this.#exact.set(name, group);
      if (name.includes('*')) continue;
      for (const { deployment } of members) this.#byId.set(deployment.id, new ModelGroup(name, [deployment]));
    }
    this.#wildcards = [...named]
      .filter(([name]) => name.includes('*'))
      .sort(([one], [other]) => moreSpecificFirst(one, other))
      .map(([name, members]) => ({
        wildcard: compileWildcard(name),
        configs: members.map(({ config }) => config),
      }));
    this.listed = [...this.#listGroups(), ...this.#listAliases()];
  }

  #listGroups(): ListedModel[] {
    return [...this.#exact.values()]
      .filter(({ active }) => active)
      .map(({ name, accessGroups }) => ({ name, accessGroups, wildcard: name.includes('*') }));
  }

  #listAliases(): ListedModel[] {
    return Object.entries(this.#aliases).flatMap(([name, { model, hidden }]) => {
      const group = this.#exact.get(model);
      if (hidden || !group?.active || this.#exact.has(name)) return [];
      return [{ name, accessGroups: group.accessGroups, wildcard: false }];
    });
  }

  find(name: string): ModelGroup | undefined {
    const meant = Object.hasOwn(this.#aliases, name) ? (this.#aliases[name]?.model ?? name) : name;
    if (meant.includes('*')) return undefined;
    return this.#exact.get(meant) ?? this.#byId.get(meant) ?? this.#filled.get(meant) ?? this.#fill(meant);
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

/** Compiles the configuration; `now` gives epoch milliseconds. */
export function compilePlan(config: Pick<Config, 'deployments' | 'aliases'>, now: () => number): Plan {
  return new CompiledPlan(config, now);
}
