import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { makePair } from './certificate.ts';

const DAY_MS = 24 * 60 * 60_000;
const now = new Date('2026-11-21T12:00:00Z');
const names = { hostNames: ['gateway-1.internal'], addresses: ['10.0.0.4', '203.0.113.7', '2001:db8::7'] };
const pair = await makePair(names, now);
const certificate = new X509Certificate(pair.certificatePem);

test('the certificate belongs to its key and signs itself', () => {
  expect(certificate.checkPrivateKey(createPrivateKey(pair.keyPem))).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
});

test.each(['gateway-1.internal', 'localhost'])('it is good for the name %s', (name) => {
  expect(certificate.checkHost(name)).toBe(name);
});

test.each([...names.addresses, '127.0.0.1', '::1'])('it is good for the address %s', (address) => {
  expect(certificate.checkIP(address)).toBe(address);
});

test('it is valid from the day before and for no longer than all clients accept', () => {
  expect(certificate.validFromDate.getTime()).toBe(now.getTime() - DAY_MS);
  const days = (certificate.validToDate.getTime() - certificate.validFromDate.getTime()) / DAY_MS;
  expect(days).toBe(820);
  expect(days).toBeLessThanOrEqual(825);
});

test('it is a server certificate on an elliptic curve, and no authority', () => {
  expect(certificate.ca).toBe(false);
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
});

test('two pairs share neither key nor serial number', async () => {
  const other = new X509Certificate((await makePair(names, now)).certificatePem);
  expect(other.serialNumber).not.toBe(certificate.serialNumber);
  expect(other.publicKey.equals(certificate.publicKey)).toBe(false);
});

test('a host name that DNS would not allow is left out instead of failing', async () => {
  const odd = await makePair({ hostNames: ['my_machine!'], addresses: [] }, now);
  expect(new X509Certificate(odd.certificatePem).subjectAltName).toBe(
    'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
  );
});
