import type { Machine } from './machine.ts';

/** Makes the directories that first boot keeps its own state in: closed to everyone but root before anything is in them. */
export function ensureStateDirectory({ fs, facts }: Machine): void {
  fs.mkdirSync(facts.paths.state, { recursive: true, mode: 0o755 });
  fs.chmodSync(facts.paths.state, 0o755);
  fs.mkdirSync(facts.paths.firstbootState, { recursive: true, mode: 0o700 });
  fs.chmodSync(facts.paths.firstbootState, 0o700);
}
