import { mustRun } from '../appliance/index.ts';
import { layoutOf } from '../firstboot/index.ts';
import type { Check } from './check.ts';
import type { Operator } from './operator.ts';

const PROPERTIES = [
  'Id',
  'LoadState',
  'Type',
  'ActiveState',
  'SubState',
  'Result',
  'Job',
  'ExecMainStartTimestampMonotonic',
  'InactiveEnterTimestampMonotonic',
];

type Unit = Readonly<Record<string, string>>;

/**
 * The units without which the product is not there, in the order of their start. The last one finishes the credentials
 * file and the certificate, which name the machine's addresses.
 */
export function unitNames({ machine: { fs, facts } }: Operator): string[] {
  const database = fs.existsSync(facts.paths.databaseEnv)
    ? ['litellm-migrate-external.service']
    : [layoutOf(facts).databaseUnit, 'litellm-migrate.service'];
  return [
    'litellm-firstboot.service',
    ...database,
    'litellm.service',
    'nginx.service',
    'litellm-address.service',
  ];
}

/**
 * One check for each unit, in the order of their start: one that has not started yet is waited for as long as one before
 * it is. Throws when systemd does not answer.
 */
export async function checkServices(operator: Operator): Promise<Check[]> {
  const args = ['show', `--property=${PROPERTIES.join(',')}`, ...unitNames(operator)];
  const shown = await mustRun(operator.machine.run, 'systemctl', args);
  let waiting = false;
  return shown
    .trim()
    .split(/\n\n+/)
    .map(parseUnit)
    .map((unit) => {
      const check = checkUnit(unit);
      const hasItsTurnToCome = waiting && unit.ActiveState === 'inactive' && unit.Result === 'success';
      waiting ||= check.state === 'waiting';
      return hasItsTurnToCome ? { name: check.name, state: 'waiting', detail: check.detail } : check;
    });
}

function parseUnit(block: string): Unit {
  return Object.fromEntries(
    block.split('\n').map((line) => {
      const equals = line.indexOf('=');
      return [line.slice(0, equals), line.slice(equals + 1)];
    }),
  );
}

/** What systemd says of a unit, as a check. */
export function checkUnit(unit: Unit): Check {
  const name = unit.Id ?? 'unit';
  const detail = `${unit.ActiveState} (${unit.SubState})`;
  if (unit.LoadState !== 'loaded')
    return { name, state: 'problem', detail: `${unit.LoadState}: the image lacks it` };
  if (unit.ActiveState === 'active' || hasDoneItsWork(unit) || worksAgain(unit)) {
    return { name, state: 'ok', detail };
  }
  if (unit.ActiveState === 'activating' || unit.ActiveState === 'reloading' || unit.Job) {
    return { name, state: 'waiting', detail };
  }
  return {
    name,
    state: 'problem',
    detail: unit.Result === 'success' ? detail : `${detail}, ${unit.Result}`,
    remedy: `journalctl -b -u ${name}; systemctl restart ${name}`,
  };
}

function hasDoneItsWork(unit: Unit): boolean {
  const hasRun = Number(unit.ExecMainStartTimestampMonotonic) > 0;
  return unit.Type === 'oneshot' && unit.ActiveState === 'inactive' && unit.Result === 'success' && hasRun;
}

/** A timer or a restart has a oneshot do once more what it has done since the start of the machine. */
function worksAgain(unit: Unit): boolean {
  const hasEnded = Number(unit.InactiveEnterTimestampMonotonic) > 0;
  return unit.Type === 'oneshot' && unit.ActiveState === 'activating' && hasEnded;
}
