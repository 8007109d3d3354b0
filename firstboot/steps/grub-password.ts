import { readTextIfAny, writeFileAtomic } from '../../appliance/index.ts';
import { FirstBootError } from '../failure.ts';
import { grubHash, grubLock, grubLockScript, withGrubLock } from '../grub-lock.ts';
import { layoutOf } from '../layout.ts';
import type { Step } from './step.ts';

const ROOT_RUNS = 0o700;
const ROOT_ONLY = 0o600;

/**
 * The boot loader's password, in the menu of now and in those to come. A machine that GRUB does not start has no menu;
 * should it get one, update-grub puts the password into it.
 */
export const grubPassword: Step = {
  name: 'grub-password',
  perform({ machine, secrets }) {
    const { fs, facts } = machine;
    const { grubMenu, grubLockScript: script } = layoutOf(facts);
    const lock = grubLock(grubHash(secrets.grubPassword, secrets.grubSalt));
    writeFileAtomic(fs, script, grubLockScript(lock), { mode: ROOT_RUNS });
    const menu = readTextIfAny(fs, grubMenu);
    if (menu === undefined) {
      machine.say(`no ${grubMenu}: this machine is not started by GRUB, its password is for a menu to come`);
      return;
    }
    const locked = withGrubLock(menu, lock);
    if (locked === undefined) {
      throw new FirstBootError(
        `${grubMenu} has no entry that a password could be put before`,
        "make it anew with 'update-grub', then: systemctl restart litellm-firstboot",
      );
    }
    writeFileAtomic(fs, grubMenu, locked, { mode: ROOT_ONLY });
  },
};
