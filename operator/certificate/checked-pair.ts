import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { type FileSystem, readTextIfAny } from '../../appliance/index.ts';
import { dnsNamesIn } from '../../firstboot/index.ts';
import { OperatorError } from '../operator.ts';
import { namesOf, oneLine } from './names.ts';
import { certificatesIn, givenText } from './pem.ts';
import { isIssuedBy, isSelfSigned } from './signer.ts';

const SYSTEM_AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';
const SERVER_USE = '1.3.6.1.5.5.7.3.1';
const LEAST_RSA_BITS = 2048;

/** What the operator has named on the command line. */
export interface GivenFiles {
  /** The server's certificate first, then those that lead to the authority. */
  readonly certificate: string;
  readonly key: string;
  /** The authority's own certificate, where clients know it and this machine does not. */
  readonly authority?: string;
}

/** A pair of which all has been checked that can be checked before nginx sees it. */
export interface CheckedPair {
  readonly certificatePem: string;
  readonly keyPem: string;
  /** DNS names, small; `*` may stand for the first label. */
  readonly names: readonly string[];
}

/** Reads the operator's files and checks them. Throws OperatorError with the first fault and what to do about it. */
export function checkedPair(fs: FileSystem, given: GivenFiles, now: Date): CheckedPair {
  const certificateText = givenText(fs, given.certificate);
  const keyPem = givenText(fs, given.key);
  const chain = certificatesIn(certificateText, given.certificate);
  const [leaf] = chain as [X509Certificate, ...X509Certificate[]];
  checkKey(privateKeyIn(keyPem, given.key), chain, given);
  checkLeaf(leaf, given.certificate);
  for (const certificate of chain) checkDates(certificate, now);
  checkOrder(chain, given.certificate);
  checkEnd(chain, authoritiesFor(fs, given), given);
  return {
    certificatePem: chain.map((certificate) => certificate.toString()).join(''),
    keyPem: keyPem.endsWith('\n') ? keyPem : `${keyPem}\n`,
    names: dnsNamesIn(namesOf(leaf)),
  };
}

const called = (certificate: X509Certificate): string => `'${oneLine(certificate.subject)}'`;

function privateKeyIn(text: string, path: string): KeyObject {
  if (text.includes('ENCRYPTED')) {
    throw new OperatorError(
      `${path} is encrypted, and nobody is there to type its passphrase when nginx starts`,
      `(umask 077; openssl pkey -in ${path} -out key.pem), then install that`,
    );
  }
  try {
    return createPrivateKey(text);
  } catch (cause) {
    // What the library says about it may quote the file.
    throw new OperatorError(`${path} holds no private key in PEM`, 'name the file with the private key', {
      cause,
    });
  }
}

function checkKey(key: KeyObject, chain: readonly X509Certificate[], given: GivenFiles): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type !== 'ec' && (type !== 'rsa' || (details?.modulusLength ?? 0) < LEAST_RSA_BITS)) {
    throw new OperatorError(
      `${given.key} holds a key of a kind that clients do not take: ${type} ${details?.modulusLength ?? ''}`.trim(),
      `have the certificate made for an RSA key of at least ${LEAST_RSA_BITS} bits or one on P-256`,
    );
  }
  const place = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (place === 0) return;
  if (place > 0) {
    throw new OperatorError(
      `${given.certificate}: the certificate that belongs to the key is number ${place + 1}`,
      "put the server's own certificate first, then the one that signed it, and so on",
    );
  }
  throw new OperatorError(
    `${given.key} is not the key of ${given.certificate}`,
    'name the key with which the certificate was applied for',
  );
}

function checkLeaf(leaf: X509Certificate, path: string): void {
  const [fault, remedy] = leafFault(leaf) ?? [];
  if (fault !== undefined) throw new OperatorError(`${path}: ${fault}`, remedy ?? '');
}

function leafFault(leaf: X509Certificate): [string, string] | undefined {
  if (leaf.ca) return [`${called(leaf)} is an authority`, "put the server's own certificate first"];
  if (isSelfSigned(leaf)) {
    return [
      `${called(leaf)} is self-signed: nobody vouches for it`,
      'the machine has one of that kind already; have yours signed by an authority',
    ];
  }
  if (!/DNS:|IP Address:/.test(namesOf(leaf))) {
    return [
      `${called(leaf)} has no subjectAltName, without which clients take it for no name`,
      'have the authority issue it with one',
    ];
  }
  const uses: readonly string[] | undefined = leaf.keyUsage;
  if (uses !== undefined && !uses.includes(SERVER_USE)) {
    return [`${called(leaf)} is not for servers`, 'have the authority issue one for server authentication'];
  }
  return undefined;
}

function checkDates(certificate: X509Certificate, now: Date): void {
  if (certificate.validToDate <= now) {
    throw new OperatorError(
      `${called(certificate)} has expired on ${day(certificate.validToDate)}`,
      'have the authority issue a new one',
    );
  }
  if (certificate.validFromDate > now) {
    throw new OperatorError(
      `${called(certificate)} is not valid before ${certificate.validFromDate.toISOString()}`,
      'wait until then, or see whether the clock is right: timedatectl',
    );
  }
}

function checkOrder(chain: readonly X509Certificate[], path: string): void {
  for (const [index, certificate] of chain.entries()) {
    const next = chain[index + 1];
    if (next === undefined || isIssuedBy(certificate, next)) continue;
    const signer = chain.findIndex((other) => other !== certificate && isIssuedBy(certificate, other));
    throw new OperatorError(
      signer === -1
        ? `${path}: what signed ${called(certificate)}, namely '${oneLine(certificate.issuer)}', is missing`
        : `${path}: not in order: number ${index + 1} is signed by number ${signer + 1}`,
      "the file begins with the server's certificate, and each is followed by the one that signed it",
    );
  }
}

/** The last certificate of the file has to be signed by one that clients have. */
function checkEnd(
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  given: GivenFiles,
): void {
  const last = chain.at(-1) as X509Certificate;
  if (isSelfSigned(last) || authorities.some((authority) => isIssuedBy(last, authority))) return;
  throw new OperatorError(
    `${given.certificate}: the chain is not complete: nothing in it signed ${called(last)}, and '${oneLine(last.issuer)}' is no authority that ${given.authority ?? 'this machine'} knows`,
    `append what is missing up to the root to ${given.certificate}, or name the root with --authority FILE`,
  );
}

function authoritiesFor(fs: FileSystem, { authority }: GivenFiles): X509Certificate[] {
  if (authority !== undefined) return certificatesIn(givenText(fs, authority), authority);
  const known = readTextIfAny(fs, SYSTEM_AUTHORITIES);
  return known === undefined ? [] : certificatesIn(known, SYSTEM_AUTHORITIES);
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
