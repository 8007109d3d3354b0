export { type PublishedArtefact, readArtefact } from './artefact.ts';
export { type Clock, systemClock } from './clock.ts';
export type { Publication } from './cloud.ts';
export { type HandOver, handOver } from './hand-over.ts';
export { type Publishing, publish } from './publish.ts';
