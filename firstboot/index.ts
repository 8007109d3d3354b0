export { refreshAddress } from './address.ts';
export {
  type CredentialField,
  credentialField,
  credentialLabels,
  withCredentialFields,
} from './credentials.ts';
export { type FailureReport, FirstBootError } from './failure.ts';
export { hostMachine } from './host.ts';
export { type Layout, layoutOf } from './layout.ts';
export { acquireLock } from './lock.ts';
export type { Machine } from './machine.ts';
export { runFirstBoot, stepNames } from './run.ts';
export { makePassword } from './secrets.ts';
export { type FirstBootState, readFirstBootState } from './state.ts';
