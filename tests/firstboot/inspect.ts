/**
 * Runs on a bare machine after its first boot and prints, as JSON, what can be seen from inside: which values stand
 * where, and what they open.
 */
import { createPrivateKey, pbkdf2Sync, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { parseEnvFile, readMachineFacts, runProgram } from '../../appliance/index.ts';
import { type CredentialField, credentialField, credentialLabels, layoutOf } from '../../firstboot/index.ts';
import type { Inspection } from './inspection.ts';

const facts = readMachineFacts('/opt/litellm/appliance.json');
const layout = layoutOf(facts);
const text = (path: string): string => readFileSync(path, 'utf8');
const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

/** What came of `query`: 'ok', or the SQLSTATE or error that the server or the driver gave. */
async function attempt(url: string, query: string): Promise<string> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    await client.query(query);
    return 'ok';
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    return code ?? message;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function databaseAnswers(url: string): Promise<void> {
  for (let tries = 0; tries < 100 && (await attempt(url, 'SELECT 1')).match(/ECONNREFUSED|57P03/); tries++) {
    await pause(100);
  }
}

async function bySocket(user: string, role: string, sql: string): Promise<number | null> {
  const psql = [
    `${layout.databasePrograms}/psql`,
    '-X',
    '-q',
    '-h',
    '/run/postgresql',
    '-U',
    role,
    '-d',
    facts.database,
  ];
  const as = [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--'];
  return (await runProgram('setpriv', [...as, ...psql, '-v', 'ON_ERROR_STOP=1', '-c', sql])).exitCode;
}

/** Whether GRUB would take this password for what the menu stores, and asks for it once. */
function asksFor(menu: string, password: string): boolean {
  const hashes = [...menu.matchAll(/^password_pbkdf2 root grub\.pbkdf2\.sha512\.(\d+)\.(\w+)\.(\w+)$/gm)];
  const [, rounds, salt, hash] = hashes[0] ?? [];
  if (hashes.length !== 1 || salt === undefined || hash === undefined) return false;
  const made = pbkdf2Sync(password, Buffer.from(salt, 'hex'), Number(rounds), hash.length / 2, 'sha512');
  return made.toString('hex').toUpperCase() === hash;
}

/** Files that somebody had begun to write. Of root's home the top alone: below it may lie whatever the build host keeps there. */
async function leftovers(): Promise<string[]> {
  const whole = [facts.paths.state, '/etc/litellm', '/etc/postgresql', '/etc/grub.d', '/boot'];
  const found = await Promise.all([
    runProgram('find', [...whole, '-name', '.*.new']),
    runProgram('find', ['/root', '-maxdepth', '1', '-name', '.*.new']),
  ]);
  return found.flatMap(({ stdout }) => stdout.split('\n')).filter((line) => line !== '');
}

const env = parseEnvFile(text(facts.paths.serviceEnv), facts.paths.serviceEnv);
const credentials = text(facts.paths.credentials);
const fields = Object.keys(credentialLabels) as CredentialField[];
const url = env.DATABASE_URL ?? '';
await databaseAnswers(url);
const wrongUrl = url.replace(/:[^:@]+@/, ':wrong@');

const inspection: Inspection = {
  env,
  credentials: Object.fromEntries(
    fields.map((field) => [field, credentialField(credentials, field) ?? '']),
  ) as Inspection['credentials'],
  logins: {
    service: await attempt(url, 'SELECT 1'),
    wrongPassword: await attempt(wrongUrl, 'SELECT 1'),
    serviceCreatesTable: await attempt(url, 'CREATE TABLE stray (id int)'),
    otherDatabase: await attempt(url.replace(/litellm$/, 'postgres'), 'SELECT 1'),
    ownerBySocket: await bySocket(
      facts.users.owner,
      facts.users.owner,
      'CREATE TABLE probe (id int); DROP TABLE probe',
    ),
    stranger: await bySocket(facts.users.service, facts.users.owner, 'SELECT 1'),
  },
  certificateFitsKey: new X509Certificate(text(layout.certificate)).checkPrivateKey(
    createPrivateKey(text(layout.certificateKey)),
  ),
  grubAsksFor: {
    menu: asksFor(text(layout.grubMenu), credentialField(credentials, 'grubPassword') ?? ''),
    laterMenus: asksFor(
      (await runProgram(layout.grubLockScript, [])).stdout,
      credentialField(credentials, 'grubPassword') ?? '',
    ),
  },
  certificateNames: new X509Certificate(text(layout.certificate)).subjectAltName ?? '',
  pairs: readdirSync(facts.paths.tls).filter((name) => name.startsWith('pair-')).length,
  modes: {
    credentials: modeOf(facts.paths.credentials),
    serviceEnv: modeOf(facts.paths.serviceEnv),
    providersEnv: modeOf(facts.paths.providersEnv),
    firstbootState: modeOf(facts.paths.firstbootState),
    journal: modeOf(layout.journal),
    key: modeOf(`${layout.currentPair}/key.pem`),
    spend: modeOf(facts.paths.spendState),
    grubMenu: modeOf(layout.grubMenu),
    grubLockScript: modeOf(layout.grubLockScript),
  },
  journal: JSON.parse(text(layout.journal)),
  marker: JSON.parse(text(layout.marker)),
  leftovers: await leftovers(),
  databaseLog: text(layout.clusterLog),
};
process.stdout.write(`\n${JSON.stringify(inspection)}\n`);
