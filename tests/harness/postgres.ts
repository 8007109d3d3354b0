import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { prepareDatabase } from '../../gateway/index.ts';
import { type PostgresMajor, postgresBinaries, unprivileged } from './postgres-binaries.ts';

const SECOND = 1000;
const START_TIMEOUT_MS = 60 * SECOND;
const STOP_TIMEOUT_MS = 20 * SECOND;
const OWNER = 'litellm-owner';
const RUNTIME = 'litellm';
const TEMPLATE = 'litellm_template';

export interface PostgresOptions {
  readonly major: PostgresMajor;
  /** Where the data stays after `stop`; without it the data goes away with the server. */
  readonly directory?: string;
  /** Text that is added to postgresql.conf. */
  readonly configuration?: string;
  /** Certificate and key; what comes by TCP must use TLS then. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Write through to the disk, for tests about durability and for data that is kept. */
  readonly durable?: boolean;
}

/** Connection strings of one database: the owner goes by socket without a password, the runtime role by TCP with SCRAM. */
export interface TestDatabase {
  readonly name: string;
  readonly ownerUrl: string;
  readonly runtimeUrl: string;
}

export interface DatabaseOptions {
  /** Name of a database that is kept when it exists already; without it a new one is made. */
  readonly name?: string;
  /** Whether the schema is in place already (default true). */
  readonly migrated?: boolean;
}

/** A PostgreSQL server of the test's own, with the roles that first boot makes on the machine. */
export interface PostgresServer extends AsyncDisposable {
  readonly major: PostgresMajor;
  readonly port: number;
  createDatabase(options?: DatabaseOptions): Promise<TestDatabase>;
  /** Connection string of the superuser. */
  superuserUrl(database?: string): string;
  /** Everything that the server has logged so far. */
  log(): string;
  /** Kills the server as a crash would. */
  crash(): Promise<void>;
  /** Starts it again, on the same port with the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

async function initialise(binaries: string, data: string, options: PostgresOptions): Promise<void> {
  if (existsSync(join(data, 'PG_VERSION'))) return;
  const args = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  await promisify(execFile)(...unprivileged(join(binaries, 'initdb'), args));
  const { configuration = '', tls } = options;
  await writeFile(
    join(data, 'pg_hba.conf'),
    `local all all trust\n${tls ? 'hostssl' : 'host'} all all 127.0.0.1/32 scram-sha-256\n`,
  );
  await appendFile(join(data, 'postgresql.conf'), `\n${configuration}\nssl = ${tls ? 'on' : 'off'}\n`);
  if (tls === undefined) return;
  await writeFile(join(data, 'server.crt'), tls.cert);
  await writeFile(join(data, 'server.key'), tls.key, { mode: 0o600 });
}

class Server implements PostgresServer {
  readonly major: PostgresMajor;
  readonly #binaries: string;
  readonly #root: string;
  readonly #data: string;
  readonly #settings: readonly string[];
  readonly #options: PostgresOptions;
  readonly #password = randomBytes(18).toString('base64url');
  #port = 0;
  #output = '';
  #child: ChildProcess | undefined;
  #template: Promise<TestDatabase> | undefined;

  constructor(options: PostgresOptions, root: string) {
    this.major = options.major;
    this.#options = options;
    this.#binaries = postgresBinaries(options.major);
    this.#root = root;
    this.#data = options.directory ?? join(root, 'data');
    this.#settings = options.durable
      ? []
      : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'autovacuum=off'];
  }

  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    await initialise(this.#binaries, this.#data, this.#options);
    // Another process may take the free port before the server does.
    for (let attempt = 1; ; attempt++) {
      this.#port = await freePort();
      try {
        return await this.restart();
      } catch (error) {
        if (attempt === 3) throw error;
      }
    }
  }

  async restart(): Promise<void> {
    const settings = [
      `port=${this.#port}`,
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${this.#root}`,
      'max_connections=100',
      'shared_buffers=32MB',
      'lc_messages=C',
      'logging_collector=off',
      ...this.#settings,
    ];
    const args = ['-D', this.#data, ...settings.flatMap((setting) => ['-c', setting])];
    const child = spawn(...unprivileged(join(this.#binaries, 'postgres'), args), {
      stdio: ['ignore', 'ignore', 'pipe'],
      // Ctrl-C in a terminal is for whoever started the server, who then stops it in order.
      detached: true,
    });
    this.#child = child;
    await this.#ready(child);
  }

  #ready(child: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      const from = this.#output.length;
      const fail = (reason: string) =>
        reject(new Error(`PostgreSQL ${reason}:\n${this.#output.slice(from)}`));
      const timer = setTimeout(() => fail('did not become ready in time'), START_TIMEOUT_MS);
      child.once('error', (error) => fail(`could not be run (${error.message})`));
      child.once('exit', () => {
        clearTimeout(timer);
        fail('ended while starting');
      });
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        if (!this.#output.includes('ready to accept connections', from)) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }

  superuserUrl(database = 'postgres'): string {
    return this.#socketUrl('postgres', database);
  }

  #socketUrl(user: string, database: string): string {
    return `postgresql:///${database}?host=${this.#root}&port=${this.#port}&user=${user}`;
  }

  async #asSuperuser(work: (client: Client) => Promise<void>): Promise<void> {
    const client = new Client({ connectionString: this.superuserUrl() });
    await client.connect();
    try {
      await work(client);
    } finally {
      await client.end();
    }
  }

  /** Makes the two roles; a kept directory has them already and gets a new password for the runtime role. */
  async createRoles(): Promise<void> {
    await this.#asSuperuser(async (client) => {
      const { rows } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [OWNER]);
      if (rows.length === 0) {
        await client.query(`CREATE ROLE ${escapeIdentifier(OWNER)} LOGIN`);
        await client.query(`CREATE ROLE ${escapeIdentifier(RUNTIME)} LOGIN`);
      }
      await client.query(`ALTER ROLE ${escapeIdentifier(RUNTIME)} PASSWORD ${escapeLiteral(this.#password)}`);
    });
  }

  async createDatabase({ name, migrated = true }: DatabaseOptions = {}): Promise<TestDatabase> {
    if (!migrated) return this.#create(name ?? `test_${randomBytes(6).toString('hex')}`, 'template0');
    this.#template ??= this.#migratedTemplate();
    await this.#template;
    return this.#create(name ?? `test_${randomBytes(6).toString('hex')}`, TEMPLATE);
  }

  async #migratedTemplate(): Promise<TestDatabase> {
    const template = await this.#create(TEMPLATE, 'template0');
    await prepareDatabase(template.ownerUrl, { runtimeRole: RUNTIME });
    return template;
  }

  async #create(name: string, template: string): Promise<TestDatabase> {
    await this.#asSuperuser(async (client) => {
      const { rows } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      if (rows.length > 0) return;
      await client.query(
        `CREATE DATABASE ${escapeIdentifier(name)} OWNER ${escapeIdentifier(OWNER)} TEMPLATE ${escapeIdentifier(template)}`,
      );
    });
    return {
      name,
      ownerUrl: this.#socketUrl(OWNER, name),
      runtimeUrl: `postgresql://${RUNTIME}:${this.#password}@127.0.0.1:${this.#port}/${name}`,
    };
  }

  log(): string {
    return this.#output;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGQUIT'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }

  crash(): Promise<void> {
    return this.#end('SIGQUIT');
  }

  async stop(): Promise<void> {
    await this.#end('SIGINT');
    await rm(this.#root, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Starts a server on a free loopback port; it ends with `stop`, or at the latest with this process. */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const root = await mkdtemp(join(tmpdir(), 'litellm-pg-'));
  const server = new Server(options, root);
  try {
    await server.start();
    await server.createRoles();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}
