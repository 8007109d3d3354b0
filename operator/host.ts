import type { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { statfsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { MachineFacts } from '../appliance/index.ts';
import { hostMachine } from '../firstboot/index.ts';
import { isSelfSigned } from './certificate/signer.ts';
import type { Operator, ServedCertificate } from './operator.ts';
import { programLines } from './program-lines.ts';
import { ask, readSecret } from './secret-prompt.ts';
import { sshClientAddress } from './ssh-client.ts';

const ANSWER_TIMEOUT_MS = 5000;

/** The machine this program runs on. */
export function hostOperator(facts: MachineFacts): Operator {
  return {
    machine: hostMachine(facts),
    isRoot: process.getuid?.() === 0,
    nodeVersion: process.versions.node,
    write: (text) => void process.stdout.write(text),
    writeError: (text) => void process.stderr.write(text),
    readiness: () => readinessOf(`http://127.0.0.1:${facts.ports.gateway}/health/readiness`),
    servedCertificate: (name) => certificateAt('127.0.0.1', facts.ports.https, name),
    lookUp,
    diskSpace: (path) => {
      const { bavail, blocks, bsize } = statfsSync(path);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    },
    pause: (ms) => pause(ms),
    sshClientAddress: () => sshClientAddress(process.pid),
    ask,
    readSecret,
    lines: programLines,
  };
}

async function readinessOf(url: string): Promise<number> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  await answer.body?.cancel();
  return answer.status;
}

async function lookUp(name: string): Promise<readonly string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

/** Looks at the certificate that is shown to who asks for `name`, whoever has signed it. */
export async function certificateAt(host: string, port: number, name?: string): Promise<ServedCertificate> {
  const servername = name === undefined ? {} : { servername: name };
  const socket = connect({ host, port, rejectUnauthorized: false, ...servername });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) throw new Error('the server showed no certificate');
    return {
      selfSigned: isSelfSigned(certificate),
      names: certificate.subjectAltName ?? certificate.subject,
      issuer: certificate.issuer,
      chain: chainOf(certificate),
      validFrom: certificate.validFromDate,
      expiresAt: certificate.validToDate,
      serialNumber: certificate.serialNumber,
      fingerprint: certificate.fingerprint256,
    };
  } finally {
    socket.destroy();
  }
}

function chainOf(certificate: X509Certificate): string[] {
  const issuer = certificate.issuerCertificate;
  return issuer === undefined || issuer === certificate ? [] : [issuer.subject, ...chainOf(issuer)];
}
