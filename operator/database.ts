import { mustRun } from '../appliance/index.ts';
import {
  type DatabaseFinding,
  examineDatabase,
  FirstBootError,
  readDatabaseChoice,
  requireLocalCluster,
} from '../firstboot/index.ts';
import type { Check } from './check.ts';
import { exitCodes, type Operator, OperatorError } from './operator.ts';
import { runAsService, tellProgram } from './service-program.ts';

const LOCAL: DatabaseFinding = { kind: 'good', detail: "the machine's own server" };

async function examine({ machine }: Operator): Promise<DatabaseFinding> {
  const choice = readDatabaseChoice(machine.fs, machine.facts);
  if (choice.kind === 'external') return examineDatabase(machine, choice);
  return LOCAL;
}

/** As one line of the status. Whether the machine's own server runs, its unit tells. */
export async function checkDatabase(operator: Operator): Promise<Check> {
  const name = 'database';
  let finding: DatabaseFinding;
  try {
    finding = await examine(operator);
  } catch (error) {
    if (!(error instanceof FirstBootError)) throw error;
    return { name, state: 'problem', detail: error.message, remedy: error.remedy };
  }
  if (finding.kind === 'good') {
    const { detail, note } = finding;
    return { name, state: 'ok', detail: note === undefined ? detail : `${detail}\nnote: ${note}` };
  }
  const { reason: detail, remedy, passing } = finding;
  return { name, state: passing ? 'waiting' : 'problem', detail, remedy };
}

type Usable = Extract<DatabaseFinding, { kind: 'good' }>;

async function requireUsable(operator: Operator): Promise<Usable> {
  const finding = await examine(operator);
  if (finding.kind === 'bad') throw new OperatorError(finding.reason, finding.remedy);
  if (finding === LOCAL && isMade(operator)) requireLocalCluster(operator.machine);
  return finding;
}

function tell(operator: Operator, { detail, note }: Usable): void {
  operator.write(`database: ${detail}\n`);
  if (note !== undefined) operator.write(`note: ${note}\n`);
}

function tellPrograms(operator: Operator, { detail, note }: Usable, applied: boolean): void {
  operator.write(`${JSON.stringify({ applied, detail, note: note ?? null }, null, 2)}\n`);
}

/** `litellm-ctl database check`: whether the database that is named could be used; changes nothing. */
export async function databaseCheck(operator: Operator, json: boolean): Promise<number> {
  const finding = await requireUsable(operator);
  if (json) tellPrograms(operator, finding, false);
  else tell(operator, finding);
  return exitCodes.ok;
}

/** Before first boot is complete the own cluster may still come. */
function isMade({ machine }: Operator): boolean {
  return machine.fs.existsSync(machine.facts.paths.serviceEnv);
}

/**
 * `litellm-ctl database apply`: goes over to the database that is named, after the check. First boot does the work, as it
 * would at the next boot; the gateway starts anew with it, or for the first time.
 */
export async function databaseApply(operator: Operator, json: boolean): Promise<number> {
  const { run } = operator.machine;
  const finding = await requireUsable(operator);
  if (!json) tell(operator, finding);
  await mustRun(run, 'systemctl', ['restart', 'litellm-firstboot.service'], { timeoutMs: 16 * 60_000 });
  await mustRun(run, 'systemctl', ['start', '--no-block', 'litellm.service']);
  if (json) tellPrograms(operator, finding, true);
  else operator.write('It is in use from now on; whether the gateway serves: litellm-ctl status --wait\n');
  return exitCodes.ok;
}

/**
 * `litellm-ctl database reseal`: seals anew, with the salt key of today, the provider keys that an earlier one has sealed in the
 * database; the gateway's own program does it, with the gateway's rights.
 */
export async function databaseReseal(operator: Operator, json: boolean): Promise<number> {
  const args = ['reseal', ...(json ? ['--json'] : [])];
  return tellProgram(operator, await runAsService(operator, 'migrate.mjs', args));
}
