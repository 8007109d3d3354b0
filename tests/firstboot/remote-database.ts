import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Authority } from '../harness/authority.ts';
import { type BareMachine, type BootResult, factsFor } from './bare-machine.ts';

export const REMOTE_NAME = 'db.example.test';
export const AUTHORITY_FILE = '/etc/ssl/database-ca.pem';
const PORT = 6432;
const PLACE = '/opt/remote';

export interface RemoteOptions {
  /** Names in the server's certificate. */
  readonly names?: readonly string[];
  readonly tls?: boolean;
  /** Trusted by the machine in place of the one that signed. */
  readonly authority?: Authority;
}

type Role = 'app' | 'schema_owner' | 'app_with_ddl' | 'owner_without_ddl';

/**
 * A database server of somebody else's, as the machine sees it: another cluster, with TLS, under a name and an address
 * that are not this machine's loopback. Its data stay over power cuts; it is up once `start` has run in a boot.
 */
export class RemoteDatabase {
  readonly #machine: BareMachine;
  readonly #passwords: Readonly<Record<Role, string>>;
  readonly #major = factsFor('qemu').postgresql;

  private constructor(machine: BareMachine, passwords: Readonly<Record<Role, string>>) {
    this.#machine = machine;
    this.#passwords = passwords;
  }

  static async install(machine: BareMachine, options: RemoteOptions = {}): Promise<RemoteDatabase> {
    const { names = [REMOTE_NAME], tls = true } = options;
    const password = (): string => randomBytes(12).toString('hex');
    const remote = new RemoteDatabase(machine, {
      app: password(),
      schema_owner: password(),
      app_with_ddl: password(),
      owner_without_ddl: password(),
    });
    const signer = await Authority.create();
    const pair = await signer.issue(...names);
    remote.#write(`${PLACE}/server.crt`, pair.cert);
    remote.#write(`${PLACE}/server.key`, pair.key);
    remote.#write(AUTHORITY_FILE, (options.authority ?? signer).certificatePem);
    const result = await machine.boot(['sh', '-ec', remote.#install(tls)]);
    if (result.exitCode !== 0) throw new Error(`the remote server could not be made: ${result.stderr}`);
    return remote;
  }

  /** The same server, on a copy of the machine's disk. */
  on(copy: BareMachine): RemoteDatabase {
    return new RemoteDatabase(copy, this.#passwords);
  }

  /** Everything of it that nobody may see. */
  get secrets(): string[] {
    return Object.values(this.#passwords);
  }

  url(role: Role, more = `?sslmode=verify-full&sslrootcert=${AUTHORITY_FILE}`): string {
    return `postgresql://${role}:${this.#passwords[role]}@${REMOTE_NAME}:${PORT}/gateway${more}`;
  }

  /** What cloud-init's write_files leaves behind. */
  give(text: string): void {
    this.#write('/etc/litellm/database.env', text);
  }

  giveBoth(): void {
    this.give(`DATABASE_URL=${this.url('app')}\nDATABASE_OWNER_URL=${this.url('schema_owner')}\n`);
  }

  /** Shell text that starts it and waits until it answers. */
  get start(): string {
    return `( cd / && rm -f ${PLACE}/data/postmaster.pid && ${this.#asPostgres} pg_ctl start --wait --silent --pgdata ${PLACE}/data --log ${PLACE}/log ) >/dev/null`;
  }

  /** Boots, with the server up, and runs one program to its end. */
  boot(program: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<BootResult> {
    return this.#machine.boot(['sh', '-c', `${this.start} && exec "$@"`, 'sh', ...program], env);
  }

  /** Shell text that runs SQL on it as one of its roles, over TLS. */
  sql(role: Role, text: string): string {
    const connection = `host=${REMOTE_NAME} port=${PORT} dbname=gateway user=${role} sslmode=verify-full sslrootcert=${AUTHORITY_FILE}`;
    return `PGPASSWORD=${this.#passwords[role]} psql -XAtq "${connection}" -c '${text}'`;
  }

  get #asPostgres(): string {
    return `setpriv --reuid=postgres --regid=postgres --init-groups -- env PATH=/usr/lib/postgresql/${this.#major}/bin:/usr/bin:/bin`;
  }

  #write(inside: string, text: string): void {
    const path = this.#machine.path(inside);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o644 });
  }

  #install(tls: boolean): string {
    const { app, schema_owner, app_with_ddl, owner_without_ddl } = this.#passwords;
    return `
      chown -R postgres:postgres ${PLACE} && chmod 600 ${PLACE}/server.key
      cd / && ${this.#asPostgres} initdb --pgdata ${PLACE}/data --auth trust --no-sync >/dev/null
      cat >>${PLACE}/data/postgresql.conf <<CONF
port = ${PORT}
listen_addresses = '*'
unix_socket_directories = '/run/postgresql'
fsync = off
ssl = ${tls ? 'on' : 'off'}
ssl_cert_file = '${PLACE}/server.crt'
ssl_key_file = '${PLACE}/server.key'
CONF
      cat >${PLACE}/data/pg_hba.conf <<HBA
local all postgres peer
${tls ? 'hostssl' : 'host'} gateway all all scram-sha-256
HBA
      echo '10.77.0.4 ${REMOTE_NAME}' >>/etc/hosts
      ${this.start}
      ${this.#asPostgres} psql -XAq -h /run/postgresql -p ${PORT} -v ON_ERROR_STOP=1 <<SQL
CREATE ROLE app LOGIN PASSWORD '${app}';
CREATE ROLE schema_owner LOGIN PASSWORD '${schema_owner}';
CREATE ROLE owner_without_ddl LOGIN PASSWORD '${owner_without_ddl}';
CREATE ROLE app_with_ddl LOGIN PASSWORD '${app_with_ddl}' IN ROLE schema_owner;
CREATE DATABASE gateway OWNER schema_owner TEMPLATE template0;
SQL
      ${this.#asPostgres} pg_ctl stop --wait --silent --pgdata ${PLACE}/data`;
  }
}
