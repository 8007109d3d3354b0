import { X509Certificate } from 'node:crypto';
import { readTextIfAny } from '../../appliance/index.ts';
import { certificateBlocks } from '../certificate/pem.ts';
import { type Operator, OperatorError } from '../operator.ts';
import type { Replacement } from '../replace-files.ts';
import { clientAuthorities } from './render.ts';

const REMEDY = 'name a PEM file with the certificate of the authority that signs your clients';

function parsed(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new OperatorError(`${path}: ${(cause as Error).message}`, REMEDY, { cause });
  }
}

/** The authorities in a PEM file. Throws OperatorError for a file that holds none, something else, or too much. */
function authoritiesIn({ machine }: Operator, path: string): readonly string[] {
  const text = readTextIfAny(machine.fs, path);
  if (text === undefined) throw new OperatorError(`${path} does not exist`, REMEDY);
  if (text.includes('PRIVATE KEY')) {
    throw new OperatorError(`${path} holds a private key`, 'keep the key elsewhere; the edge needs none');
  }
  const found = certificateBlocks(text);
  if (found.length === 0) throw new OperatorError(`${path} holds no certificate`, REMEDY);
  for (const certificate of found.map((pem) => parsed(pem, path))) {
    if (!certificate.ca) throw new OperatorError(`${certificate.subject} is no authority`, REMEDY);
    if (certificate.validToDate <= machine.now()) {
      throw new OperatorError(`${certificate.subject} expired on ${certificate.validTo}`, REMEDY);
    }
  }
  return found;
}

/** What the edge checks client certificates against: the authorities of the operator's file, copied. */
export function authoritiesFile(operator: Operator, source: string): Replacement {
  const text = authoritiesIn(operator, source).join('\n');
  return { path: clientAuthorities(operator.machine.facts), text: `${text}\n`, access: { mode: 0o644 } };
}
