/**
 * Loaded before the program under test: kills it right after the file-system change number DIE_AT, counted from one.
 * A program that makes fewer changes ends as it would have.
 */
import { onEveryChange } from './file-changes.ts';

const fatal = Number(process.env.DIE_AT);
if (!Number.isInteger(fatal) || fatal < 1) throw new Error('DIE_AT must be a whole number from 1 on');
let changes = 0;

onEveryChange(() => {
  changes += 1;
  if (changes === fatal) process.kill(process.pid, 'SIGKILL');
});
