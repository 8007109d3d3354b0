/** The operator's own database server: given before first boot, given later, taken away again. */
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Authority } from '../harness/authority.ts';
import { BareMachine, type BootResult } from './bare-machine.ts';
import { bootAndInspect, expectConsistent, FIRST_BOOT, NODE, secretsOf } from './inspection.ts';
import { REMOTE_NAME, RemoteDatabase, type RemoteOptions } from './remote-database.ts';

const MINUTE = 60_000;
const STRIDE = process.env.SOAK === '1' ? 1 : 4;
const DIE = new URL('die-at-write.ts', import.meta.url).pathname;
const CREDENTIALS = '/root/litellm-credentials.txt';
const SERVICE_ENV = '/etc/litellm/litellm.env';
const DATABASE_ENV = '/etc/litellm/database.env';
const CTL = [NODE, '/opt/litellm/litellm-ctl.mjs'] as const;
const PLACE = `${REMOTE_NAME}:6432/gateway`;

/** As litellm-migrate-external.service does: systemd reads the file, the program runs as the schema's owner. */
const MIGRATE = `env $(cat ${DATABASE_ENV}) setpriv --reuid=litellm-owner --regid=litellm-owner --clear-groups ${NODE} /opt/litellm/migrate.mjs migrate`;

function hasCluster(machine: BareMachine): boolean {
  return readdirSync(join(machine.disk, 'postgresql/etc/postgresql')).length > 0;
}

function startConf(machine: BareMachine): string | undefined {
  const clusters = join(machine.disk, 'postgresql/etc/postgresql');
  const [major = ''] = readdirSync(clusters);
  return readFileSync(join(clusters, major, 'main/start.conf'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .at(0);
}

function expectSecretsKept(remote: RemoteDatabase, { stdout, stderr }: BootResult): void {
  for (const secret of remote.secrets) expect(`${stdout}${stderr}`).not.toContain(secret);
}

/** Complete, without a database of its own, and nothing of the remote one's secrets anywhere but in its file. */
function expectComplete(machine: BareMachine, remote: RemoteDatabase): void {
  expect(hasCluster(machine)).toBe(false);
  expect(machine.has('/var/lib/litellm/firstboot/done')).toBe(true);
  const env = machine.read(SERVICE_ENV);
  expect(env).toMatch(/^LITELLM_MASTER_KEY=sk-[\w-]{43}$/m);
  expect(env).not.toContain('DATABASE_URL');
  const credentials = machine.read(CREDENTIALS);
  expect(credentials).toContain(`The database is on ${PLACE}, as ${DATABASE_ENV} says`);
  expect(credentials).not.toContain('PostgreSQL password');
  const written = [env, credentials, machine.read('/var/lib/litellm/firstboot/journal.json')];
  for (const secret of remote.secrets) for (const text of written) expect(text).not.toContain(secret);
  const { mode, uid, gid } = statSync(machine.path(DATABASE_ENV));
  expect({ mode: mode & 0o777, uid, gid }).toEqual({ mode: 0o600, uid: 0, gid: 0 });
}

test('given before first boot, no cluster is made, and migrations run there as the owner', async () => {
  using machine = await BareMachine.create();
  const remote = await RemoteDatabase.install(machine);
  remote.giveBoth();
  const first = await remote.boot(['sh', '-c', `${FIRST_BOOT.join(' ')} && cat /run/systemctl.calls 2>&1`]);
  expect(first.stderr).toBe('');
  expect(first.stdout).toContain(`database: ${PLACE}, TLS verified, PostgreSQL `);
  expect(first.stdout).not.toContain('postgresql@');
  expectSecretsKept(remote, first);
  expectComplete(machine, remote);

  const attempts = ['CREATE TABLE mine (id int)', 'CREATE SCHEMA mine', 'DROP TABLE "LiteLLM_UserTable"'];
  const script = [MIGRATE, remote.sql('app', 'SELECT count(*) FROM "LiteLLM_UserTable"')]
    .concat(attempts.map((text) => `! ${remote.sql('app', text)}`))
    .join(' && ');
  const used = await remote.boot(['sh', '-c', script]);
  expect(used.exitCode, used.stderr).toBe(0);
  expect(used.stdout).toMatch(/schema is up to date; applied: 0001-keys.sql.*\n\d+\n/);
  expect(used.stderr.match(/permission denied|must be owner/g)).toHaveLength(attempts.length);
});

test('a later boot asks nobody, so a database that is away does not keep the gateway from trying', async () => {
  using machine = await BareMachine.create();
  const remote = await RemoteDatabase.install(machine);
  remote.giveBoth();
  expect((await remote.boot(FIRST_BOOT)).exitCode).toBe(0);
  expect(await machine.boot(FIRST_BOOT)).toMatchObject({ exitCode: 0, stderr: '' });
});

test('with one URL alone its role serves for both, and the operator is told what that means', async () => {
  using machine = await BareMachine.create();
  const remote = await RemoteDatabase.install(machine);
  remote.give(`DATABASE_URL=${remote.url('schema_owner')}\n`);
  const result = await remote.boot(['sh', '-c', `${FIRST_BOOT.join(' ')} && ${MIGRATE} && ${MIGRATE}`]);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  expect(result.stdout).toContain("note: the gateway's role 'schema_owner' may change the schema");
  expect(result.stdout).toContain('schema is up to date; applied: none');
  expect(machine.read(CREDENTIALS)).toContain('the gateway signs in with a role that may change the schema');
  expectSecretsKept(remote, result);
});

/** First boot refuses what the file says, tells how to mend it and makes no server of its own in its place. */
async function expectRefused(machine: BareMachine, remote: RemoteDatabase, expected: string): Promise<void> {
  const refused = await remote.boot(FIRST_BOOT);
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(expected) });
  expect(refused.stderr).toContain('litellm-ctl database apply');
  expect(`${refused.stdout}${refused.stderr}`).not.toContain('canary');
  expectSecretsKept(remote, refused);
  // nginx starts all the same, and shows that first boot did not complete.
  expect(machine.has('/etc/litellm/tls/current')).toBe(true);
  expect(hasCluster(machine)).toBe(false);
}

test('what is wrong in the file is refused with what to write, and taken once it is right', async () => {
  using machine = await BareMachine.create();
  const remote = await RemoteDatabase.install(machine);
  const closed = '?sslmode=verify-full&sslrootcert=/root/ca.pem';
  for (const [text, expected] of [
    ['# nothing yet\n', 'does not set DATABASE_URL'],
    ['export DATABASE_URL=canary\n', "without 'export'"],
    [`DATABASE_URL=${remote.url('app')}\nPGPASSWORD=canary\n`, 'sets PGPASSWORD; only DATABASE_URL'],
    [`DATABASE_URL=${remote.url('app', '')}\n`, 'add ?sslmode=verify-full at its end'],
    [`DATABASE_URL=${remote.url('app', '?sslmode=require')}\n`, 'write sslmode=verify-full in its place'],
    [
      `DATABASE_URL=${remote.url('app', closed)}\n`,
      "the user 'litellm' cannot read /root/ca.pem, which DATABASE_URL",
    ],
    [
      `DATABASE_URL=${remote.url('app', '?sslmode=verify-full')}\n`,
      `the certificate of ${PLACE} is signed by an auth`,
    ],
    [
      `DATABASE_URL=${remote.url('app').replace(/app:\w+@/, 'app:canary@')}\n`,
      `${PLACE} refuses the user 'app' (28P01)`,
    ],
    [`DATABASE_URL=${remote.url('owner_without_ddl')}\n`, "the role 'owner_without_ddl' may not make tables"],
    [
      `DATABASE_URL=${remote.url('app_with_ddl')}\nDATABASE_OWNER_URL=${remote.url('schema_owner')}\n`,
      `the gateway's role 'app_with_ddl' may change the schema of ${PLACE}`,
    ],
  ] as const) {
    remote.give(text);
    await expectRefused(machine, remote, expected);
  }
  remote.giveBoth();
  expect(await remote.boot(FIRST_BOOT)).toMatchObject({ exitCode: 0, stderr: '' });
  expectComplete(machine, remote);
});

test.each<[string, RemoteOptions, string]>([
  [
    'whose certificate is for another name',
    { names: ['other.example.test'] },
    `for another name than '${REMOTE_NAME}'`,
  ],
  ['that offers no TLS', { tls: false }, `${PLACE} offers no TLS`],
  [
    'of another authority',
    { authority: await Authority.create() },
    'signed by an authority that is not trusted',
  ],
])(
  'a server %s is refused; without the file the machine makes its own',
  async (_title, options, expected) => {
    using machine = await BareMachine.create();
    const remote = await RemoteDatabase.install(machine, options);
    remote.giveBoth();
    await expectRefused(machine, remote, expected);
    rmSync(machine.path(DATABASE_ENV));
    expectConsistent(await bootAndInspect(machine));
  },
);

test('a server that comes later than the machine is waited for', async () => {
  using machine = await BareMachine.create();
  const remote = await RemoteDatabase.install(machine);
  remote.giveBoth();
  const script = `( sleep 7; ${remote.start} ) & exec ${FIRST_BOOT.join(' ')}`;
  const result = await machine.boot(['sh', '-c', script]);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  expect(result.stdout).toContain(`${PLACE} does not answer (ECONNREFUSED); asking again`);
  expectComplete(machine, remote);
});

test("given later, the machine's own server is stopped and kept, and comes back with its data", async () => {
  using machine = await BareMachine.create();
  const own = await bootAndInspect(machine);
  const remote = await RemoteDatabase.install(machine);
  const asPostgres = 'setpriv --reuid=postgres --regid=postgres --clear-groups';
  const psql = (text: string): string => `${asPostgres} psql -XAtq -d litellm -c "${text}"`;
  // A first boot that has nothing to do does not wait for the server, which starts beside it.
  const untilUp = `until ${asPostgres} pg_isready -q; do sleep 0.1; done`;
  const planted = await machine.boot([
    'sh',
    '-ec',
    `${FIRST_BOOT.join(' ')}; cd /; ${untilUp}; ${psql("CREATE TABLE kept AS SELECT 'still here' AS what")}`,
  ]);
  expect(planted).toMatchObject({ exitCode: 0, stderr: '' });
  remote.giveBoth();

  const isDown = `! ${asPostgres} pg_isready -q`;
  const applied = await remote.boot([
    'sh',
    '-c',
    `${CTL.join(' ')} database apply && ${isDown} && cat /run/systemctl.calls`,
  ]);
  expect(applied).toMatchObject({ exitCode: 0, stderr: '' });
  expect(applied.stdout).toContain(`database: ${PLACE}, TLS verified`);
  expect(applied.stdout).toContain('start --no-block litellm.service');
  expectSecretsKept(remote, applied);
  expect(startConf(machine)).toBe('manual');

  const rebooted = await remote.boot(['sh', '-c', `${FIRST_BOOT.join(' ')} && ${isDown}`]);
  expect(rebooted).toMatchObject({ exitCode: 0, stderr: '' });
  expect(machine.read(SERVICE_ENV)).toContain(own.env.DATABASE_URL);

  rmSync(machine.path(DATABASE_ENV));
  const back = await machine.boot([
    'sh',
    '-c',
    `${CTL.join(' ')} database apply && cd / && ${psql('SELECT what FROM kept')}`,
  ]);
  expect(back).toMatchObject({ exitCode: 0, stderr: '' });
  expect(back.stdout).toContain('still here');
  expect(startConf(machine)).toBe('auto');
  const again = await bootAndInspect(machine);
  expectConsistent(again);
  expect(secretsOf(again)).toEqual(secretsOf(own));
});

test('a server that cannot be used is not gone over to, and nothing is changed', async () => {
  using machine = await BareMachine.create();
  await bootAndInspect(machine);
  const remote = await RemoteDatabase.install(machine, { names: ['other.example.test'] });
  remote.giveBoth();
  const result = await remote.boot([
    'sh',
    '-c',
    `${CTL.join(' ')} database apply; code=$?; cat /run/systemctl.calls; exit $code`,
  ]);
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain(`is for another name than '${REMOTE_NAME}'`);
  expect(result.stdout).not.toContain('litellm-firstboot');
  expect(startConf(machine)).toBe('auto');
});

test('a machine that never had a server of its own does not pretend to one', async () => {
  using machine = await BareMachine.create();
  const remote = await RemoteDatabase.install(machine);
  remote.giveBoth();
  await remote.boot(FIRST_BOOT);
  rmSync(machine.path(DATABASE_ENV));
  for (const program of [FIRST_BOOT, [...CTL, 'database', 'apply']]) {
    const result = await machine.boot(program);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('this machine has no database server of its own');
    expect(result.stderr).toContain(`put ${DATABASE_ENV} back`);
  }
  expect(hasCluster(machine)).toBe(false);
});

/**
 * Cuts the power after a change of a run of first boot from `start`, each time on a fresh copy: after every one in
 * `make soak`; else after every fourth, from one that is drawn. Returns how many changes there are.
 */
async function cutAfterChanges(
  start: BareMachine,
  remote: RemoteDatabase,
  expectRepaired: (machine: BareMachine) => Promise<void>,
): Promise<number> {
  for (let change = STRIDE === 1 ? 1 : randomInt(1, STRIDE + 1); ; change += STRIDE) {
    using machine = await start.copy();
    const onCopy = remote.on(machine);
    const run = [NODE, '--import', DIE, '/opt/litellm/firstboot.mjs', 'run'];
    const { exitCode } = await onCopy.boot(run, { DIE_AT: String(change) });
    if (exitCode === 0) return change - 1;
    expect(exitCode, `the run with change ${change}`).toBe(137);
    const next = await onCopy.boot(FIRST_BOOT);
    expect(next, `after change ${change}`).toMatchObject({ exitCode: 0, stderr: '' });
    await expectRepaired(machine);
  }
}

test(
  'a power cut after a write is repaired by the next boot, with a server given before first boot',
  async () => {
    using machine = await BareMachine.create();
    const remote = await RemoteDatabase.install(machine);
    // The certificate comes before the file is read, and is the same story with and without it.
    remote.give('# nothing yet\n');
    await expectRefused(machine, remote, 'does not set DATABASE_URL');
    remote.giveBoth();
    const cuts = await cutAfterChanges(machine, remote, async (cut) => expectComplete(cut, remote));
    process.stdout.write(`power cut among ${cuts} writes\n`);
    expect(cuts).toBeGreaterThan(30);
  },
  20 * MINUTE,
);

test(
  'and with one given later',
  async () => {
    using machine = await BareMachine.create();
    await bootAndInspect(machine);
    const remote = await RemoteDatabase.install(machine);
    remote.giveBoth();
    const cuts = await cutAfterChanges(machine, remote, async (cut) => {
      expect(startConf(cut)).toBe('manual');
    });
    process.stdout.write(`power cut among ${cuts} writes of the change-over\n`);
    expect(cuts).toBeGreaterThan(3);
  },
  10 * MINUTE,
);

test('a database that is given while first boot is under way is used, and none is left running', async () => {
  using machine = await BareMachine.create();
  const remote = await RemoteDatabase.install(machine);
  const stuck = await machine.boot([
    'sh',
    '-c',
    `mkdir /root/.litellm-credentials.txt.new; ${FIRST_BOOT.join(' ')}`,
  ]);
  expect(stuck.exitCode).toBe(1);
  expect(machine.read(SERVICE_ENV)).toContain('DATABASE_URL');
  remote.giveBoth();
  const result = await remote.boot([
    'sh',
    '-c',
    `rmdir /root/.litellm-credentials.txt.new; ${FIRST_BOOT.join(' ')}`,
  ]);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  expect(machine.read(SERVICE_ENV)).not.toContain('DATABASE_URL');
  expect(machine.read(CREDENTIALS)).toContain(`The database is on ${PLACE}`);
  expect(startConf(machine)).toBe('manual');
});
