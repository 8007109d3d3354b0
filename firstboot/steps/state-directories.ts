import { accountOf } from '../accounts.ts';
import type { Step } from './step.ts';

/** The service's own directories, with what they may hold kept from everyone else. */
export const stateDirectories: Step = {
  name: 'state-directories',
  perform({ machine: { fs, facts } }) {
    const { uid, gid } = accountOf(fs, facts.users.service);
    const { spendState } = facts.paths;
    fs.mkdirSync(spendState, { recursive: true, mode: 0o700 });
    fs.chownSync(spendState, uid, gid);
    fs.chmodSync(spendState, 0o700);
  },
};
