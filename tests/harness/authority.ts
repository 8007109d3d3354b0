import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const DAY_MS = 24 * 60 * 60_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

type Keys = Awaited<ReturnType<typeof makeKeys>>;

const makeKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

interface Lifetime {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Valid from a day ago, since guests' clocks may differ, for a month. */
function lifetime(): Lifetime {
  const now = Date.now();
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + 30 * DAY_MS) };
}

function alternativeNames(names: readonly string[]): SubjectAlternativeNameExtension {
  return new SubjectAlternativeNameExtension(
    names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
  );
}

/** A certificate authority of the test's own, which only machines that were told to will trust. */
export class Authority {
  readonly certificatePem: string;
  readonly #certificate: X509Certificate;
  readonly #keys: Keys;

  private constructor(certificate: X509Certificate, keys: Keys) {
    this.#certificate = certificate;
    this.#keys = keys;
    this.certificatePem = `${certificate.toString('pem')}\n`;
  }

  static async create(): Promise<Authority> {
    const keys = await makeKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: [{ CN: ['Test authority'] }],
      ...lifetime(),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 1, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    });
    return new Authority(certificate, keys);
  }

  /** An authority below this one. */
  async intermediate(): Promise<Authority> {
    const keys = await makeKeys();
    const certificate = await X509CertificateGenerator.create({
      subject: [{ CN: ['Test intermediate'] }],
      issuer: this.#certificate.subjectName,
      ...lifetime(),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    });
    return new Authority(certificate, keys);
  }

  /** A server certificate for DNS names and addresses, as `tls.createServer` takes it. */
  issue(...names: string[]): Promise<{ cert: string; key: string }> {
    return this.#issue(names[0] ?? 'server', ExtendedKeyUsage.serverAuth, names);
  }

  /** The same, valid at another time. */
  issueFor(valid: Lifetime, ...names: string[]): Promise<{ cert: string; key: string }> {
    return this.#issue(names[0] ?? 'server', ExtendedKeyUsage.serverAuth, names, valid);
  }

  /** A certificate for a client of that name. */
  issueClient(name: string): Promise<{ cert: string; key: string }> {
    return this.#issue(name, ExtendedKeyUsage.clientAuth, []);
  }

  async #issue(
    subject: string,
    usage: ExtendedKeyUsage,
    names: readonly string[],
    valid = lifetime(),
  ): Promise<{ cert: string; key: string }> {
    const keys = await makeKeys();
    const certificate = await X509CertificateGenerator.create({
      subject: [{ CN: [subject] }],
      issuer: this.#certificate.subjectName,
      ...valid,
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage]),
        ...(names.length === 0 ? [] : [alternativeNames(names)]),
      ],
    });
    const key = PemConverter.encode(
      await webcrypto.subtle.exportKey('pkcs8', keys.privateKey),
      'PRIVATE KEY',
    );
    return { cert: `${certificate.toString('pem')}\n`, key };
  }
}
