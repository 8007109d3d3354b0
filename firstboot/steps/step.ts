import type { DatabaseChoice } from '../database-choice.ts';
import type { Identity } from '../identity.ts';
import type { Machine } from '../machine.ts';
import type { Secrets } from '../secrets.ts';

/** What a step works with. */
export interface StepContext {
  readonly machine: Machine;
  readonly identity: Identity;
  readonly secrets: Secrets;
  readonly database: DatabaseChoice;
}

/** One part of first boot: it makes the world match the stored values, and may be repeated as often as it was cut off. */
export interface Step {
  readonly name: string;
  /**
   * Asked while the journal does not know of the step: throws FirstBootError when there is already what the step would
   * make. It is somebody's data then, and nothing may be generated over it.
   */
  refuse?(machine: Machine): void;
  perform(context: StepContext): void | Promise<void>;
}
