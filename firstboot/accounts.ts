import type { FileSystem, Owner } from '../appliance/index.ts';
import { FirstBootError } from './failure.ts';

/** Numeric ids of a system user and its main group. Throws FirstBootError when the image lacks the user. */
export function accountOf(fs: FileSystem, name: string): Owner {
  const entry = fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([user]) => user === name);
  const [, , uid, gid] = (entry ?? []).map(Number);
  if (uid === undefined || gid === undefined) {
    throw new FirstBootError(
      `the system user '${name}' does not exist`,
      `the image is incomplete; create it with 'useradd --system --user-group ${name}', then: systemctl restart litellm-firstboot`,
    );
  }
  return { uid, gid };
}
