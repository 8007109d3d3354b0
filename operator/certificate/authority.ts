import { mustRun, readTextIfAny, writeFileAtomic } from '../../appliance/index.ts';
import { type Operator, OperatorError } from '../operator.ts';
import { oneLine } from './names.ts';
import { certificatesIn, givenText } from './pem.ts';

const DIRECTORY = '/usr/local/share/ca-certificates';

/**
 * Has the machine trust the authority behind a private ACME directory: the machine and not this run alone, because the
 * timer renews long after it.
 */
export async function trustAuthority({ machine }: Operator, path: string): Promise<void> {
  const { fs, run } = machine;
  let isNew = false;
  for (const certificate of certificatesIn(givenText(fs, path), path)) {
    if (!certificate.ca) {
      throw new OperatorError(
        `${path}: '${oneLine(certificate.subject)}' is no authority`,
        "name the certificate of the authority that signed the directory's own",
      );
    }
    const name = certificate.fingerprint256.replaceAll(':', '').slice(0, 16).toLowerCase();
    const trusted = `${DIRECTORY}/litellm-acme-${name}.crt`;
    if (readTextIfAny(fs, trusted) === certificate.toString()) continue;
    fs.mkdirSync(DIRECTORY, { recursive: true, mode: 0o755 });
    writeFileAtomic(fs, trusted, certificate.toString(), { mode: 0o644 });
    isNew = true;
  }
  if (isNew) await mustRun(run, 'update-ca-certificates', []);
}
