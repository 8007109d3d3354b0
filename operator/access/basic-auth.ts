import { mustRun } from '../../appliance/index.ts';
import { UsageError } from '../arguments.ts';
import { type Operator, OperatorError } from '../operator.ts';
import type { Replacement } from '../replace-files.ts';
import { workersOwner } from './apply.ts';
import { basicAuthFile } from './render.ts';
import { USER_NAME } from './state.ts';

const SHORTEST = 16;
const LONGEST = 128;

/**
 * nginx works the hash out again for each request: with the usual 5000 rounds that costs every call 2.1 ms of a core, with
 * these 0.4 ms (measured with libxcrypt on the build machine). What is lost the length of the password makes up for.
 */
const ROUNDS = 1000;
const SALT_LENGTH = 12;

/** A name for the password file. Throws UsageError for one that it cannot hold. */
export function userName(text: string): string {
  if (new RegExp(USER_NAME).test(text)) return text;
  throw new UsageError(
    `'${text}' is no user name: letters, digits, dots, dashes and underscores, at most 64`,
  );
}

function requireGood(password: string): void {
  const printable = /^[\x20-\x7e]*$/.test(password);
  if (printable && password.length >= SHORTEST && password.length <= LONGEST) return;
  throw new OperatorError(
    `the password needs ${SHORTEST} to ${LONGEST} characters, all of them printable ASCII`,
    'make one: openssl rand -base64 24',
  );
}

/** The password file for one user, whose password comes from standard input and is hashed at once. */
export async function passwordFile(operator: Operator, user: string): Promise<Replacement> {
  const { run, facts, randomBytes } = operator.machine;
  const password = await operator.readSecret(`Password of '${user}' at the edge`);
  requireGood(password);
  const salt = randomBytes(SALT_LENGTH).toString('base64url').slice(0, SALT_LENGTH).replaceAll(/[-_]/g, '.');
  const args = ['passwd', '-6', '-salt', `rounds=${ROUNDS}$${salt}`, '-stdin'];
  const hashed = (await mustRun(run, 'openssl', args, { input: `${password}\n` })).trim();
  return {
    path: basicAuthFile(facts),
    text: `${user}:${hashed}\n`,
    access: { mode: 0o640, owner: await workersOwner(operator) },
  };
}
