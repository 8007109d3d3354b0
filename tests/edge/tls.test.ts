/** Which TLS the edge speaks. */
import type { SecureVersion } from 'node:tls';
import { beforeAll, expect, test } from 'vitest';
import { tlsTo } from '../harness/edge-client.ts';
import { Edge } from '../harness/nginx.ts';

let edge: Edge;

beforeAll(async () => {
  edge = await Edge.create();
  return () => edge[Symbol.asyncDispose]();
});

/** What of TLS is spoken when the client offers only `version` (and `ciphers` below 1.3). */
async function offer(version: SecureVersion, ciphers?: string) {
  const tls = await tlsTo(edge, {
    minVersion: version,
    maxVersion: version,
    ...(ciphers === undefined ? {} : { ciphers }),
  });
  const spoken = { protocol: tls.getProtocol(), cipher: tls.getCipher().name };
  tls.destroy();
  return spoken;
}

test.each(['TLSv1.2', 'TLSv1.3'] as const)('%s is spoken', async (version) => {
  expect((await offer(version)).protocol).toBe(version);
});

test.each(['TLSv1', 'TLSv1.1'] as const)('%s is refused', async (version) => {
  await expect(offer(version, 'DEFAULT:@SECLEVEL=0')).rejects.toThrow(/protocol version/);
});

test.each(['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'])(
  '%s is spoken',
  async (cipher) => {
    expect((await offer('TLSv1.2', cipher)).cipher).toBe(cipher);
  },
);

test.each(['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'AES128-GCM-SHA256'])(
  '%s is refused',
  async (cipher) => {
    await expect(offer('TLSv1.2', cipher)).rejects.toThrow(/handshake failure/);
  },
);

test.each([
  [['h2', 'http/1.1'], 'h2'],
  [['http/1.1'], 'http/1.1'],
])('a client that offers %j speaks %s', async (offered, chosen) => {
  const tls = await tlsTo(edge, { ALPNProtocols: offered });
  expect(tls.alpnProtocol).toBe(chosen);
  tls.destroy();
});

test('no session ticket is handed out', async () => {
  const tls = await tlsTo(edge, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
  expect(tls.getTLSTicket()).toBeUndefined();
  tls.destroy();
});
