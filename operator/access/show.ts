import { type FileSystem, type MachineFacts, readTextIfAny } from '../../appliance/index.ts';
import { exitCodes, type Operator } from '../operator.ts';
import { accessInclude, renderAccess } from './render.ts';
import { type AccessState, admits, type ListName, listNames, type NetworkList, readAccess } from './state.ts';

const SUBJECTS: Readonly<Record<ListName, string>> = {
  admin: 'admin UI, management',
  inference: 'inference',
};

function listed({ others, allowed, denied }: NetworkList): string {
  const parts = [
    others === 'allowed' ? 'everyone' : ['this machine', ...allowed].join(', '),
    ...(others === 'allowed' && allowed.length > 0 ? [`and surely ${allowed.join(', ')}`] : []),
    ...(denied.length > 0 ? [`not ${denied.join(', ')}`] : []),
  ];
  return parts.join('; ');
}

/** The state for a person. */
export function describeAccess(state: AccessState): string {
  const { connections, requestsPerSecond } = state.limits;
  const rows: [string, string][] = [
    ...listNames.map((name): [string, string] => [SUBJECTS[name], listed(state.lists[name])]),
    ['limits of an address', `${connections} connections, ${requestsPerSecond} requests a second`],
    ['trusted proxies', state.proxies.join(', ') || 'none'],
    ['client certificates', state.clientCertificates ? 'asked for' : 'not asked for'],
    [
      'password at the edge',
      state.basicAuthUser === null ? 'none' : `asked for, user ${state.basicAuthUser}`,
    ],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(22)}${value}\n`).join('');
}

/** The state for programs. */
export function accessJson(state: AccessState, applied: boolean): string {
  return `${JSON.stringify({ applied, ...state }, null, 2)}\n`;
}

/** Whether nginx has been told what the operator has decided. */
function isApplied(fs: FileSystem, facts: MachineFacts, state: AccessState): boolean {
  return readTextIfAny(fs, accessInclude(facts)) === renderAccess(state, facts);
}

/** `litellm-ctl access`. A file of nginx's that says something else is a problem. */
export function showAccess(operator: Operator, json: boolean): number {
  const { fs, facts } = operator.machine;
  const state = readAccess(fs, facts);
  const applied = isApplied(fs, facts, state);
  operator.write(json ? accessJson(state, applied) : describeAccess(state));
  if (applied) return exitCodes.ok;
  operator.writeError(
    `litellm-ctl: ${accessInclude(facts)} says something else\nwhat to do: litellm-ctl access apply\n`,
  );
  return exitCodes.problem;
}

/** Says so when the admin UI has just been closed to whoever closed it. */
export function warnOfOwnExclusion(operator: Operator, { lists }: AccessState): void {
  const own = operator.sshClientAddress();
  if (own === undefined || admits(lists.admin, own)) return;
  operator.writeError(
    `warning: /ui is closed to ${own}, where you are connected from\nwhat to do: litellm-ctl access allow admin ${own}\n`,
  );
}
