import type { Deployment } from './deployment.ts';

/** All deployments of one public name; calls take them in turn. */
export class ModelGroup {
  readonly name: string;
  readonly #active: readonly Deployment[];
  /** The variable to set when no deployment is active. */
  readonly missingVariable: string | null;
  readonly accessGroups: readonly string[];
  #next = 0;

  constructor(name: string, deployments: readonly Deployment[]) {
    this.name = name;
    this.#active = deployments.filter(({ missingVariable }) => missingVariable === null);
    this.missingVariable = this.active ? null : (deployments[0]?.missingVariable ?? null);
    this.accessGroups = [...new Set(deployments.flatMap(({ accessGroups }) => accessGroups))];
  }

  get active(): boolean {
    return this.#active.length > 0;
  }

  /** The deployments in the order in which one call tries them; every call begins one further on. */
  take(): readonly Deployment[] {
    if (this.#active.length < 2) return this.#active;
    const first = this.#next;
    this.#next = (first + 1) % this.#active.length;
    return [...this.#active.slice(first), ...this.#active.slice(0, first)];
  }
}
