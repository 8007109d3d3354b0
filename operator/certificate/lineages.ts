import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { type FileSystem, readTextIfAny } from '../../appliance/index.ts';

const DIRECTORY = '/etc/letsencrypt';
export const CERTBOT_LOG = '/var/log/letsencrypt/letsencrypt.log';
export const CERTBOT_TIMER = 'certbot.timer';

/** What certbot renews as one: a certificate with what it remembers about it. */
export interface Lineage {
  readonly name: string;
  /** The ACME directory that it comes from. */
  readonly server: string;
  /** How it shows that the names are this machine's. */
  readonly authenticator: string;
  /** What it makes serve the certificate; undefined where somebody else sees to that. */
  readonly installer?: string;
  readonly certificate: X509Certificate;
}

function listed(fs: FileSystem, directory: string): string[] {
  return fs.existsSync(directory) ? fs.readdirSync(directory) : [];
}

/** Every certificate that certbot renews on this machine, by name. */
export function readLineages(fs: FileSystem): Lineage[] {
  const directory = join(DIRECTORY, 'renewal');
  return listed(fs, directory)
    .filter((file) => file.endsWith('.conf'))
    .sort()
    .flatMap((file) => {
      const name = file.slice(0, -'.conf'.length);
      const pem = readTextIfAny(fs, join(DIRECTORY, 'live', name, 'cert.pem'));
      if (pem === undefined) return [];
      const settings = fs.readFileSync(join(directory, file), 'utf8');
      const value = (key: string): string | undefined =>
        new RegExp(`^${key} = (\\S+)$`, 'm').exec(settings)?.[1];
      const installer = value('installer');
      return [
        {
          name,
          server: value('server') ?? '',
          authenticator: value('authenticator') ?? 'unknown',
          ...(installer === undefined || installer === 'None' ? {} : { installer }),
          certificate: new X509Certificate(pem),
        },
      ];
    });
}

/** Where certbot keeps its accounts at an authority. */
export function accountsOf(server: URL): string {
  return join(DIRECTORY, 'accounts', server.host, server.pathname);
}

/** Whether certbot has an account at an authority: who has one was asked for e-mail and consent before. */
export function hasAccount(fs: FileSystem, server: URL): boolean {
  return listed(fs, accountsOf(server)).length > 0;
}
