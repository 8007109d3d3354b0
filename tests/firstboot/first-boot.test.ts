import { appendFileSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cloudFirmware } from '../harness/cloud-firmware.ts';
import { instanceIds } from '../harness/metadata/fake-clouds.ts';
import { BareMachine, FIRST_UUID, OTHER_UUID } from './bare-machine.ts';
import { ADDRESS, bootAndInspect, expectConsistent, FIRST_BOOT, NODE, secretsOf } from './inspection.ts';

const DIE = new URL('die-at-write.ts', import.meta.url).pathname;
const CREDENTIALS = '/root/litellm-credentials.txt';

test('a new machine makes everything at its first boot', async () => {
  using machine = await BareMachine.create();
  const seen = await bootAndInspect(machine);
  expectConsistent(seen);
  expect(seen.credentials).toMatchObject({
    privateIp: '10.77.0.4',
    adminUrl: 'https://10.77.0.4/ui',
    adminUser: 'admin',
    adminPassword: expect.stringMatching(/^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/),
  });
  expect(seen.certificateNames).toContain('DNS:gateway-1');
  expect(seen.certificateNames).toContain('IP Address:10.77.0.4');
});

test('a machine that GRUB does not start gets its password for a menu to come', async () => {
  using machine = await BareMachine.create();
  const withoutMenu = await machine.boot([
    'sh',
    '-c',
    `rm /boot/grub/grub.cfg; exec ${FIRST_BOOT.join(' ')}`,
  ]);
  expect(withoutMenu).toMatchObject({ exitCode: 0, stderr: '' });
  expect(withoutMenu.stdout).toContain('no /boot/grub/grub.cfg: this machine is not started by GRUB');
  expect(machine.read('/etc/grub.d/01_litellm_lock')).toContain(
    'password_pbkdf2 root grub.pbkdf2.sha512.10000.',
  );
});

test('a machine whose network is not up makes everything too', async () => {
  using machine = await BareMachine.create({ addresses: [] });
  const seen = await bootAndInspect(machine);
  expectConsistent(seen);
  expect(seen.credentials).toMatchObject({ privateIp: 'none yet', adminUrl: 'https://gateway-1/ui' });
});

test('two machines of one image share no secret, and no key', async () => {
  using one = await BareMachine.create();
  using other = await BareMachine.create();
  const [first, second] = [await bootAndInspect(one), await bootAndInspect(other)];
  const shared = secretsOf(first).filter((secret) => secretsOf(second).includes(secret));
  expect(shared).toEqual([]);
});

test('a later boot changes nothing', async () => {
  using machine = await BareMachine.create();
  const first = await bootAndInspect(machine);
  const files = [CREDENTIALS, '/etc/litellm/litellm.env', '/etc/litellm/tls/current/cert.pem'];
  const before = files.map((file) => machine.read(file));
  const again = await bootAndInspect(machine);
  expectConsistent(again);
  expect(secretsOf(again)).toEqual(secretsOf(first));
  expect(files.map((file) => machine.read(file))).toEqual(before);
});

test('nothing that first boot prints holds a secret', async () => {
  using machine = await BareMachine.create();
  const { stdout, stderr } = await machine.boot(FIRST_BOOT);
  const seen = await bootAndInspect(machine);
  for (const secret of secretsOf(seen)) expect(`${stdout}${stderr}`).not.toContain(secret);
});

test('two runs at once make one set of values: the second waits and finds all done', async () => {
  using machine = await BareMachine.create();
  const both = `${FIRST_BOOT.join(' ')} & ${FIRST_BOOT.join(' ')}; first=$?; wait $! && exit $first`;
  const result = await machine.boot(['sh', '-c', both]);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  expect(result.stdout.match(/first boot is complete/g)).toHaveLength(1);
  expectConsistent(await bootAndInspect(machine));
});

test.each([
  ['UEFI', true, FIRST_UUID],
  ['BIOS', false, '528a1c4f-0e6f-5b4c-9a52-0d1f5a3c2b11'],
])(
  'on Azure with %s the initial password is the VM id, as the listing promises',
  async (_name, uefi, vmId) => {
    const firmware = { ...cloudFirmware.azure, uuid: FIRST_UUID.toUpperCase(), uefi };
    using machine = await BareMachine.create({ target: 'azure', firmware });
    const seen = await bootAndInspect(machine);
    expectConsistent(seen);
    expect(seen.credentials.adminPassword).toBe(vmId);
    expect(seen.marker.machineId).toBe(vmId);
  },
);

test.each([
  ['outside any cloud, where its id can be guessed', { uuid: FIRST_UUID }, FIRST_UUID],
  ['in AWS, where the marketplace forbids it', cloudFirmware.aws, instanceIds.aws],
])('the Azure image %s has a random initial password', async (_where, firmware, id) => {
  using machine = await BareMachine.create({ target: 'azure', firmware });
  const seen = await bootAndInspect(machine);
  expect(seen.marker.machineId).toBe(id);
  expect(seen.credentials.adminPassword).toMatch(/^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/);
  expectConsistent(seen);
});

test('a copied machine keeps keys and data, gets a TLS key of its own, and is told so', async () => {
  using original = await BareMachine.create();
  const before = await bootAndInspect(original);
  using copy = await original.copy();
  copy.setFirmware({ uuid: OTHER_UUID });
  const after = await bootAndInspect(copy);
  expectConsistent(after);
  expect(secretsOf(after)).toEqual(secretsOf(before));
  expect(after.marker.machineId).toBe(FIRST_UUID);
  const key = '/etc/litellm/tls/current/cert.pem';
  const pem = await Promise.all([original, copy].map((machine) => machine.boot(['cat', key])));
  expect(pem[0]?.stdout).not.toBe(pem[1]?.stdout);
  expect(copy.read(CREDENTIALS).match(/this machine is a copy/g)).toHaveLength(1);
});

test('a database without a record of its making is refused, and nothing is generated', async () => {
  using machine = await BareMachine.create();
  await bootAndInspect(machine);
  const env = machine.read('/etc/litellm/litellm.env');
  const lost = ['sh', '-c', `rm -r /var/lib/litellm/firstboot; exec ${FIRST_BOOT.join(' ')}`];
  const result = await machine.boot(lost);
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain('there is a PostgreSQL cluster in /var/lib/postgresql/');
  expect(result.stderr).toContain('what to do: if it holds your data, restore');
  expect(machine.read('/etc/litellm/litellm.env')).toBe(env);
  expect(machine.has('/var/lib/litellm/firstboot/journal.json')).toBe(false);
});

test('keys without a record of their making are refused, and stay as they are', async () => {
  using machine = await BareMachine.create();
  const restored = 'echo LITELLM_SALT_KEY=restored >/etc/litellm/litellm.env';
  const result = await machine.boot(['sh', '-c', `${restored}; exec ${FIRST_BOOT.join(' ')}`]);
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain('/etc/litellm/litellm.env holds keys already');
  expect(machine.read('/etc/litellm/litellm.env')).toBe('LITELLM_SALT_KEY=restored\n');
});

test('a half-made machine that was copied is refused on the other machine', async () => {
  using machine = await BareMachine.create();
  await machine.boot([NODE, '--import', DIE, '/opt/litellm/firstboot.mjs', 'run'], { DIE_AT: '60' });
  machine.setFirmware({ uuid: OTHER_UUID });
  const result = await machine.boot(FIRST_BOOT);
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain('first boot was begun on another machine');
  // In Azure these are initial passwords.
  for (const id of [FIRST_UUID, OTHER_UUID]) expect(result.stderr).not.toContain(id);
});

test('a failure is told to the operator with its reason, to others without, and the next run repairs it', async () => {
  using machine = await BareMachine.create();
  const script = `printf '#!/bin/sh\\necho disk full >&2; exit 3\\n' >/run/pg_createcluster; chmod +x /run/pg_createcluster
    mount --bind /run/pg_createcluster /usr/bin/pg_createcluster
    ${FIRST_BOOT.join(' ')}; code=$?
    cat /run/litellm-firstboot/failed; stat -c %a /run/litellm-firstboot/failed; exit $code`;
  const result = await machine.boot(['sh', '-c', script]);
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toMatch(/first boot \(run\) failed: pg_createcluster .*exit status 3: disk full/);
  expect(result.stdout).toContain('did not complete');
  expect(result.stdout.trimEnd()).toMatch(/644$/);
  expect(result.stdout).not.toContain('disk full');
  const report = JSON.parse(machine.read('/var/lib/litellm/firstboot/failure.json'));
  expect(report).toMatchObject({ step: 'postgresql-cluster', reason: expect.stringContaining('disk full') });

  expectConsistent(await bootAndInspect(machine));
  expect(machine.has('/var/lib/litellm/firstboot/failure.json')).toBe(false);
});

test('a damaged journal is an error that quotes nothing of it', async () => {
  using machine = await BareMachine.create();
  await machine.boot([NODE, '--import', DIE, '/opt/litellm/firstboot.mjs', 'run'], { DIE_AT: '60' });
  appendFileSync(machine.path('/var/lib/litellm/firstboot/journal.json'), 'garbage');
  const result = await machine.boot(FIRST_BOOT);
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain('journal.json cannot be used: it is not JSON');
  expect(result.stderr).not.toContain('sk-');
});

test('a certificate that the operator put in place of ours stays', async () => {
  using machine = await BareMachine.create();
  await bootAndInspect(machine);
  const own = `cd /etc/litellm/tls && rm cert.pem && echo own >cert.pem && ${FIRST_BOOT.join(' ')} && ${ADDRESS.join(' ')}`;
  expect((await machine.boot(['sh', '-c', own])).exitCode).toBe(0);
  expect(machine.read('/etc/litellm/tls/cert.pem')).toBe('own\n');
});

test('a deleted credentials file does not come back', async () => {
  using machine = await BareMachine.create();
  await bootAndInspect(machine);
  rmSync(machine.path(CREDENTIALS));
  const boot = ['sh', '-c', `${FIRST_BOOT.join(' ')} && ${ADDRESS.join(' ')}`];
  expect((await machine.boot(boot)).exitCode).toBe(0);
  expect(machine.has(CREDENTIALS)).toBe(false);
});
