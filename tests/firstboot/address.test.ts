import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { credentialField } from '../../firstboot/index.ts';
import { cloudFirmware } from '../harness/cloud-firmware.ts';
import { instanceIn } from '../harness/metadata/fake-clouds.ts';
import { BareMachine, type BootResult } from './bare-machine.ts';
import { ADDRESS, bootAndInspect, FIRST_BOOT, NODE, secretsOf } from './inspection.ts';
import type { Served } from './metadata.ts';

const CREDENTIALS = '/root/litellm-credentials.txt';
const onAzure = { target: 'azure', firmware: cloudFirmware.azure } as const;
const RELOAD = 'try-reload-or-restart nginx.service';

interface Known extends Pick<Served, 'faults'> {
  readonly publicAddress: string;
}

/** Boots as every boot does, and looks up the address in Azure, which knows this; unset: nobody answers. */
async function bootWithNetwork(machine: BareMachine, known?: Known): Promise<BootResult> {
  const lookUp = known === undefined ? ADDRESS : [NODE, '/opt/litellm/metadata.mjs', '"$0"', ...ADDRESS];
  const script = `${FIRST_BOOT.join(' ')} && ${lookUp.join(' ')} && cat /run/systemctl.calls`;
  const result = await machine.boot([
    'sh',
    '-c',
    script,
    ...(known === undefined ? [] : [JSON.stringify(servedBy(known))]),
  ]);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  return result;
}

function servedBy({ publicAddress, ...faults }: Known): Served {
  return { cloud: 'azure', instance: { ...instanceIn('azure'), publicIpv4: publicAddress }, ...faults };
}

function field(machine: BareMachine, name: Parameters<typeof credentialField>[1]): string | undefined {
  return credentialField(machine.read(CREDENTIALS), name);
}

async function servedCertificate(machine: BareMachine): Promise<X509Certificate> {
  return new X509Certificate((await machine.boot(['cat', '/etc/litellm/tls/cert.pem'])).stdout);
}

test('the public address reaches file and certificate, and nginx is told', async () => {
  using machine = await BareMachine.create(onAzure);
  const { stdout } = await bootWithNetwork(machine, { publicAddress: '203.0.113.7' });
  expect(field(machine, 'publicIp')).toBe('203.0.113.7');
  expect(field(machine, 'adminUrl')).toBe('https://203.0.113.7/ui');
  expect((await servedCertificate(machine)).checkIP('203.0.113.7')).toBe('203.0.113.7');
  expect(stdout).toContain(RELOAD);
});

test('a later boot with another address corrects the file, keeps every secret, and then rests', async () => {
  using machine = await BareMachine.create(onAzure);
  await bootWithNetwork(machine, { publicAddress: '203.0.113.7' });
  const before = secretsOf(await bootAndInspect(machine));
  await bootWithNetwork(machine, { publicAddress: '203.0.113.8' });
  expect(field(machine, 'publicIp')).toBe('203.0.113.8');
  expect(secretsOf(await bootAndInspect(machine))).toEqual(before);

  const certificate = await servedCertificate(machine);
  expect(certificate.checkIP('203.0.113.8')).toBe('203.0.113.8');
  const { stdout } = await bootWithNetwork(machine, { publicAddress: '203.0.113.8' });
  expect((await servedCertificate(machine)).serialNumber).toBe(certificate.serialNumber);
  expect(stdout).not.toContain(RELOAD);
});

test('the name that certbot has a certificate for stands before an address, whatever that becomes', async () => {
  using machine = await BareMachine.create(onAzure);
  await bootWithNetwork(machine, { publicAddress: '203.0.113.7' });
  const site = 'server {\\n    server_name gw.example.com; # managed by Certbot\\n}\\n';
  const place = '/etc/nginx/sites-available';
  await machine.boot(['sh', '-ec', `mkdir -p ${place}; printf '${site}' > ${place}/litellm`]);
  await bootWithNetwork(machine, { publicAddress: '203.0.113.8' });
  expect(field(machine, 'publicIp')).toBe('203.0.113.8');
  expect(field(machine, 'adminUrl')).toBe('https://gw.example.com/ui');
});

test('a machine without public address says so, and gives its private one', async () => {
  using machine = await BareMachine.create(onAzure);
  await bootWithNetwork(machine, { publicAddress: '' });
  expect(field(machine, 'publicIp')).toBe('not known: Azure names none; see the portal');
  expect(field(machine, 'adminUrl')).toBe('https://10.77.0.4/ui');
});

test('a metadata service that is slow at first or answers wrongly is asked again', async () => {
  using machine = await BareMachine.create(onAzure);
  const faults = ['silence', { status: 500 }, { body: '<html>' }] as const;
  const { stdout } = await bootWithNetwork(machine, { publicAddress: '203.0.113.7', faults });
  expect(field(machine, 'publicIp')).toBe('203.0.113.7');
  expect(stdout.match(/^GET \/metadata\/instance/gm)).toHaveLength(4);
});

test('an absent metadata service is no failure, and an address known before stays', async () => {
  using machine = await BareMachine.create(onAzure);
  await bootWithNetwork(machine);
  expect(field(machine, 'publicIp')).toMatch(/^not known: the metadata service did not tell/);
  await bootWithNetwork(machine, { publicAddress: '203.0.113.7' });
  await bootWithNetwork(machine);
  expect(field(machine, 'publicIp')).toBe('203.0.113.7');
  expect(field(machine, 'adminUrl')).toBe('https://203.0.113.7/ui');
});

test('outside a cloud nobody is asked', async () => {
  using machine = await BareMachine.create();
  const { stdout } = await bootWithNetwork(machine, { publicAddress: '203.0.113.7' });
  expect(stdout).not.toContain('GET ');
  expect(field(machine, 'publicIp')).toBe('not known: this machine runs in no cloud that could tell it');
});

test('before first boot is complete there is nothing to correct', async () => {
  using machine = await BareMachine.create(onAzure);
  const result = await machine.boot(ADDRESS);
  expect(result).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('first boot is not complete'),
  });
  expect(machine.has(CREDENTIALS)).toBe(false);
});
