import type { Config, ModelTeam } from '../config/config.ts';
import { compileDeployment } from './deployment.ts';
import type { ModelGroup } from './model-group.ts';
import { type ListedModel, ModelNames, type PlannedEntry } from './model-names.ts';

/** The configuration compiled for calls: finding a model group is a look-up. */
export interface Plan {
  /**
   * The group that serves a name for keys of a team, or for keys without one. A team's own models come first, whatever others
   * have under that name; those of other teams are not there.
   */
  find(name: string, teamId: string | null): ModelGroup | undefined;
  /** Active public names and visible aliases, in the order of the file; those of the team's own models stand behind. */
  listed(teamId: string | null): readonly ListedModel[];
  /** Every entry, those of all teams too. */
  readonly entries: readonly PlannedEntry[];
}

/** What a plan is compiled from. */
export interface PlanSource extends Pick<Config, 'deployments' | 'aliases'> {
  /**
   * Names that teams have for models of their own, also for those that are not served: a call that a team means for its own
   * model goes to no other.
   */
  readonly owned?: readonly ModelTeam[];
}

/** Whether keys of a team, or keys without one, may know of an entry. */
export function isOpenTo({ config: { team } }: PlannedEntry, teamId: string | null): boolean {
  return team === null || team.id === teamId;
}

/** Of entries with one name those that calls of a team's keys go to: the team's own, where there are some. */
export function ownFirst(entries: readonly PlannedEntry[], teamId: string | null): readonly PlannedEntry[] {
  const own = entries.filter(({ config: { team } }) => team !== null && team.id === teamId);
  return own.length > 0 ? own : entries;
}

interface TeamNames {
  readonly names: ModelNames;
  readonly listed: readonly ListedModel[];
}

class CompiledPlan implements Plan {
  readonly entries: readonly PlannedEntry[];
  readonly #shared: ModelNames;
  readonly #listed: readonly ListedModel[];
  readonly #teams: ReadonlyMap<string, TeamNames>;
  readonly #aliases: Config['aliases'];

  constructor({ deployments, aliases, owned = [] }: PlanSource, now: () => number) {
    this.#aliases = aliases;
    this.entries = deployments.map((config) => ({ config, deployment: compileDeployment(config, now()) }));
    const byTeam = Map.groupBy(this.entries, ({ config }) => config.team?.id ?? null);
    this.#shared = new ModelNames(byTeam.get(null) ?? [], [], now);
    this.#listed = [...this.#shared.listed, ...this.#listAliases()];
    const taken = Map.groupBy(owned, ({ id }) => id);
    const teamIds = new Set([...byTeam.keys(), ...taken.keys()].filter((id) => id !== null));
    this.#teams = new Map(
      [...teamIds].map((id) => {
        const own = (taken.get(id) ?? []).map(({ publicName }) => publicName);
        return [id, this.#teamNames(new ModelNames(byTeam.get(id) ?? [], own, now))];
      }),
    );
  }

  #teamNames(names: ModelNames): TeamNames {
    const others = this.#listed.filter(({ name }) => names.exact(name) === undefined);
    return { names, listed: [...others, ...names.listed] };
  }

  #listAliases(): ListedModel[] {
    return Object.entries(this.#aliases).flatMap(([name, { model, hidden }]) => {
      const group = this.#shared.exact(model);
      if (hidden || !group?.active || this.#shared.exact(name) !== undefined) return [];
      return [{ name, accessGroups: group.accessGroups, wildcard: false }];
    });
  }

  #team(teamId: string | null): TeamNames | undefined {
    return teamId === null ? undefined : this.#teams.get(teamId);
  }

  find(name: string, teamId: string | null): ModelGroup | undefined {
    const meant = Object.hasOwn(this.#aliases, name) ? (this.#aliases[name]?.model ?? name) : name;
    const own = this.#team(teamId)?.names;
    return own?.find(name) ?? own?.find(meant) ?? this.#shared.find(meant);
  }

  listed(teamId: string | null): readonly ListedModel[] {
    return this.#team(teamId)?.listed ?? this.#listed;
  }
}

/** Compiles the configuration; `now` gives epoch milliseconds. */
export function compilePlan(source: PlanSource, now: () => number): Plan {
  return new CompiledPlan(source, now);
}
