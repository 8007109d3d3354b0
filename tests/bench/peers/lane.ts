import type { Program } from '../program.ts';
import type { Door, Lane } from './peer.ts';

/** A lane without state of its own: started, called through one door, stopped. */
export function simpleLane({ door, start }: { door: Door; start?: () => Program }): Lane {
  return {
    helpers: [],
    start: () => ({ door, cutDoor: door, program: start?.() }),
    finish: async () => [],
  };
}
