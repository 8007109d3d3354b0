import { mustRun, readTextIfAny, rewriteFileAtomic, withEnvValue } from '../appliance/index.ts';
import {
  acquireLock,
  type CredentialField,
  certifiedAdminUrl,
  credentialField,
  credentialLabels,
  makePassword,
  withCredentialFields,
} from '../firstboot/index.ts';
import { exitCodes, type Operator, OperatorError } from './operator.ts';

/**
 * `litellm-ctl credentials`: prints the credentials file, the admin UI by the name that the machine has a certificate for, or says
 * where its values are found without it.
 */
export function showCredentials(operator: Operator, json: boolean): number {
  const { fs, facts } = operator.machine;
  const { credentials, serviceEnv } = facts.paths;
  const file = readTextIfAny(fs, credentials);
  if (file !== undefined) {
    const adminUrl = certifiedAdminUrl(operator.machine);
    const text = adminUrl === undefined ? file : withCredentialFields(file, { adminUrl });
    operator.write(json ? `${JSON.stringify(fieldsOf(text), null, 2)}\n` : text);
    return exitCodes.ok;
  }
  throw new OperatorError(
    `${credentials} does not exist: it was deleted, or first boot is not complete`,
    `the keys in use are in ${serviceEnv}; a new admin password: litellm-ctl credentials --reset-admin-password`,
  );
}

function fieldsOf(text: string): Readonly<Record<string, string | null>> {
  const fields = Object.keys(credentialLabels) as CredentialField[];
  return Object.fromEntries(fields.map((field) => [field, credentialField(text, field) ?? null]));
}

/**
 * `litellm-ctl credentials --reset-admin-password`: gives the admin a new initial password, which the gateway takes for
 * one sign-in and the choice of an own one. Printed once; kept only where the gateway reads it, and in the credentials
 * file if that is still there.
 */
export async function resetAdminPassword(operator: Operator, json: boolean): Promise<number> {
  const { machine } = operator;
  const { fs, facts, run } = machine;
  const { serviceEnv, credentials, firstbootState } = facts.paths;
  if (!fs.existsSync(serviceEnv) || !fs.existsSync(firstbootState)) {
    throw new OperatorError(`${serviceEnv} does not exist: first boot is not complete`, 'litellm-ctl status');
  }
  const password = makePassword(machine.randomBytes);
  {
    using _lock = await acquireLock(machine);
    rewriteFileAtomic(fs, serviceEnv, (text) => withEnvValue(text, 'UI_PASSWORD', password));
    rewriteFileAtomic(fs, credentials, (text) => withCredentialFields(text, { adminPassword: password }));
  }
  const adminUser = facts.users.admin;
  operator.write(
    json
      ? `${JSON.stringify({ adminUser, adminPassword: password }, null, 2)}\n`
      : `New initial password of '${adminUser}': ${password}\nIt is shown only here. Sign in at /ui and choose your own.\n`,
  );
  await mustRun(run, 'systemctl', ['restart', 'litellm.service']);
  return exitCodes.ok;
}
