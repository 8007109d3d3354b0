import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { type CertificateNames, dnsNames } from './certificate-names.ts';

export interface Pair {
  readonly certificatePem: string;
  readonly keyPem: string;
}

const DAY_MS = 24 * 60 * 60_000;

/**
 * Longer-lived server certificates are refused by Apple's systems even when their owner has trusted them by hand.
 * Nobody has to remember the date: the daily address run makes a new pair in time.
 */
export const VALIDITY_DAYS = 820;

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const COMMON_NAME_LENGTH = 64;

/**
 * Makes a self-signed pair for this machine. It is valid from the day before: the clock may still be wrong, or the
 * client's may be behind.
 */
export async function makePair(names: CertificateNames, now: Date): Promise<Pair> {
  const [commonName = 'localhost'] = names.hostNames;
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const alternativeNames: JsonGeneralNames = [
    ...dnsNames(names).map((value) => ({ type: 'dns' as const, value })),
    ...[...new Set([...names.addresses, '127.0.0.1', '::1'])].map((value) => ({
      type: 'ip' as const,
      value,
    })),
  ];
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName.slice(0, COMMON_NAME_LENGTH)] }],
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + (VALIDITY_DAYS - 1) * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(alternativeNames),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    keyPem: `${PemConverter.encode(key, 'PRIVATE KEY')}\n`,
  };
}
