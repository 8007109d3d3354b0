import { mustRun, type Owner } from '../../appliance/index.ts';
import { acquireLock } from '../../firstboot/index.ts';
import { accepted, requireFirstBoot } from '../accepted.ts';
import { type Operator, OperatorError } from '../operator.ts';
import { type Replacement, replaceFiles } from '../replace-files.ts';
import {
  accessInclude,
  basicAuthFile,
  clientAuthorities,
  renderAccess,
  renderBanExemptions,
} from './render.ts';
import { type AccessState, accessText, readAccess } from './state.ts';

const ROOT: Owner = { uid: 0, gid: 0 };
const PUBLIC = { mode: 0o644 };

/** A new state, and files that come or go with it. */
export interface Change {
  readonly state: AccessState;
  readonly files?: readonly Replacement[];
}

function filesOf(operator: Operator, { state, files = [] }: Change): Replacement[] {
  const { facts } = operator.machine;
  return [
    { path: facts.paths.access, text: accessText(state), access: PUBLIC },
    ...files,
    { path: accessInclude(facts), text: renderAccess(state, facts), access: PUBLIC },
    { path: facts.paths.banExemptions, text: renderBanExemptions(state), access: PUBLIC },
  ];
}

/** Switched on without the file that it needs: a restored access.json on a machine that lacks the rest. */
function requireCompanions({ machine }: Operator, { clientCertificates, basicAuthUser }: AccessState): void {
  const { fs, facts } = machine;
  const needs = [
    { wanted: clientCertificates, path: clientAuthorities(facts), verb: 'client-certificates on CAFILE' },
    { wanted: basicAuthUser !== null, path: basicAuthFile(facts), verb: 'basic-auth on' },
  ];
  const missing = needs.find(({ wanted, path }) => wanted && !fs.existsSync(path));
  if (missing === undefined) return;
  throw new OperatorError(`${missing.path} does not exist`, `litellm-ctl access ${missing.verb}`);
}

/**
 * Changes who may call: works out the new state from the one that holds, writes everything that follows from it, has
 * nginx and fail2ban test it, and only then has them take it over. Where they refuse, the files of before are back.
 * Run again with the same arguments it does the same again: what a power cut has interrupted is completed that way.
 */
export async function applyAccess(
  operator: Operator,
  change: (state: AccessState) => Change | Promise<Change>,
): Promise<AccessState> {
  const { machine } = operator;
  const { fs, facts, run } = machine;
  requireFirstBoot(operator);
  using _lock = await acquireLock(machine);
  const wanted = await change(readAccess(fs, facts));
  await replaceFiles(fs, filesOf(operator, wanted), async () => {
    requireCompanions(operator, wanted.state);
    await accepted(operator, 'nginx', ['-t']);
    await accepted(operator, 'fail2ban-client', ['-t']);
    await machine.reloadEdge();
    await mustRun(run, 'systemctl', ['try-reload-or-restart', 'fail2ban.service']);
  });
  return wanted.state;
}

/** The ids under which nginx's workers read a file that others must not: root's, for the group of the workers. */
export async function workersOwner({ machine }: Operator): Promise<Owner> {
  const { stdout } = await machine.run('id', ['--group', 'www-data']);
  if (!/^\d+\n?$/.test(stdout))
    throw new OperatorError("the group 'www-data' does not exist", 'apt-get install nginx');
  return { ...ROOT, gid: Number(stdout) };
}
