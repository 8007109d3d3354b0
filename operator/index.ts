export type { Check, CheckState, Verdict } from './check.ts';
export { exitCodes } from './operator.ts';
export type { Status, Versions } from './status.ts';
