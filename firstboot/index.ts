export {
  type CredentialField,
  credentialField,
  credentialLabels,
  withCredentialFields,
} from './credentials.ts';
export { FirstBootError } from './failure.ts';
export { hostMachine } from './host.ts';
export { type Layout, layoutOf } from './layout.ts';
export { acquireLock } from './lock.ts';
export type { Machine } from './machine.ts';
export { makePassword } from './secrets.ts';
export { type FirstBootState, readFirstBootState } from './state.ts';
