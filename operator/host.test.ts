import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { mustRun, runProgram } from '../appliance/index.ts';
import { certificateAt } from './host.ts';

const directory = mkdtempSync(join(tmpdir(), 'operator-host-'));
const file = (name: string): string => join(directory, name);

/** A certificate for `name`, signed by `issuer` or by itself. */
async function makeCertificate(name: string, issuer?: string): Promise<void> {
  const signed = issuer === undefined ? [] : ['-CA', file(`${issuer}.pem`), '-CAkey', file(`${issuer}.key`)];
  const newKey = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    file(`${name}.key`),
  ];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-days', '30'];
  // As first boot's: a server's certificate, which may not sign others.
  const usage = ['-addext', 'keyUsage=critical,digitalSignature'];
  await mustRun(runProgram, 'openssl', [
    'req',
    '-x509',
    ...newKey,
    ...subject,
    ...usage,
    ...signed,
    '-out',
    file(`${name}.pem`),
  ]);
}

async function seenAt(name: string): Promise<Awaited<ReturnType<typeof certificateAt>>> {
  const server = createServer({
    key: readFileSync(file(`${name}.key`)),
    cert: readFileSync(file(`${name}.pem`)),
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    return await certificateAt('127.0.0.1', (server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

test('a self-signed certificate is recognised, and its fingerprint is the one of openssl', async () => {
  await makeCertificate('own.test');
  const printed = await mustRun(runProgram, 'openssl', [
    'x509',
    '-noout',
    '-fingerprint',
    '-sha256',
    '-in',
    file('own.test.pem'),
  ]);
  const fingerprint = printed.split('=')[1];
  expect(await seenAt('own.test')).toMatchObject({ selfSigned: true, names: 'DNS:own.test', fingerprint });
});

test('an issued certificate is recognised, whoever issued it', async () => {
  await makeCertificate('authority.test');
  await makeCertificate('issued.test', 'authority.test');
  expect(await seenAt('issued.test')).toMatchObject({ selfSigned: false, names: 'DNS:issued.test' });
});

test('nobody there is an error', async () => {
  await expect(certificateAt('127.0.0.1', 1)).rejects.toThrow('ECONNREFUSED');
});
