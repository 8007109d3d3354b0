import { Client } from 'pg';
import { DatabaseUrlError, databaseConnection, explainDatabaseFailure, placeOf } from '../appliance/index.ts';
import { type ExternalDatabase, type GivenUrl, hasOwnRuntimeRole } from './database-choice.ts';
import type { Machine } from './machine.ts';

/** What came of asking the operator's database server. */
export type DatabaseFinding =
  | { readonly kind: 'good'; readonly detail: string; readonly note?: string }
  | {
      readonly kind: 'bad';
      readonly reason: string;
      readonly remedy: string;
      /** Whether asking again may help. */
      readonly passing: boolean;
    };

/** Before it, everybody may make tables in the schema `public`. */
const OLDEST_MAJOR = 15;
const CONNECT_TIMEOUT_MS = 10_000;
const QUERY_TIMEOUT_MS = 10_000;

/** What a role is and may do, as the server sees it. */
interface Rights {
  readonly major: number;
  readonly version: string;
  readonly role: string;
  readonly standby: boolean;
  readonly superuser: boolean;
  /** Makes objects in the schema, or schemas in the database. */
  readonly creates: boolean;
  /** Owns a table, or belongs to a role that does. */
  readonly owns: boolean;
}

const RIGHTS = `SELECT current_setting('server_version_num')::int / 10000 AS major,
  current_setting('server_version') AS version,
  current_user AS role,
  pg_is_in_recovery() AS standby,
  (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
  coalesce(has_schema_privilege(to_regnamespace('public')::oid, 'CREATE'), false) AS creates_objects,
  has_database_privilege(current_database(), 'CREATE') AS creates_schemas,
  EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('public') AND relkind IN ('r', 'p')
    AND pg_has_role(relowner, 'MEMBER')) AS owns`;

type Bad = DatabaseFinding & { readonly kind: 'bad' };

const bad = (reason: string, remedy: string, passing = false): Bad => ({
  kind: 'bad',
  reason,
  remedy,
  passing,
});

/** Signs in with both connection strings and looks at what the roles may do. Changes nothing, and never quotes a secret. */
export async function examineDatabase(
  machine: Machine,
  database: ExternalDatabase,
): Promise<DatabaseFinding> {
  const { users } = machine.facts;
  const { runtime, owner } = database;
  const unreadable =
    (await fileClosedTo(machine, users.service, runtime)) ??
    (await fileClosedTo(machine, users.owner, owner));
  if (unreadable !== undefined) return unreadable;
  const ownerRights = await rightsOf(owner);
  if ('kind' in ownerRights) return ownerRights;
  const runtimeRights = owner === runtime ? ownerRights : await rightsOf(runtime);
  if ('kind' in runtimeRights) return runtimeRights;
  return judge(database, ownerRights, runtimeRights);
}

/** The gateway and the migrations open the certificate files as users of their own. */
async function fileClosedTo(
  { run }: Machine,
  user: string,
  { name, target }: GivenUrl,
): Promise<Bad | undefined> {
  for (const path of Object.values(target.tls ?? {})) {
    const as = [`--reuid=${user}`, `--regid=${user}`, '--init-groups', '--'];
    const { exitCode } = await run('setpriv', [...as, 'test', '-r', path]);
    if (exitCode === 0) continue;
    return bad(
      `the user '${user}' cannot read ${path}, which ${name} names`,
      `put the file where it can be read, for example below /etc/ssl, and give its readers the right`,
    );
  }
  return undefined;
}

async function rightsOf({ name, url, target }: GivenUrl): Promise<Rights | Bad> {
  let client: Client | undefined;
  try {
    client = new Client({
      ...databaseConnection(name, url),
      application_name: 'litellm-firstboot',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
    });
    // A connection that breaks also fails the statement; the event alone would end the process.
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query(RIGHTS);
    const { creates_objects, creates_schemas, ...rest } = rows[0];
    return { ...rest, creates: creates_objects || creates_schemas };
  } catch (error) {
    if (error instanceof DatabaseUrlError)
      return bad(error.message, 'correct it in the file, or the files it names');
    const failure = explainDatabaseFailure(name, target, error);
    if (failure !== undefined) return bad(failure.reason, failure.remedy, failure.passing);
    return bad(`${placeOf(target)}: ${(error as Error).message}`, "read the database server's log");
  } finally {
    await client?.end().catch(() => undefined);
  }
}

function judge(database: ExternalDatabase, owner: Rights, runtime: Rights): DatabaseFinding {
  const { target } = database.owner;
  const place = placeOf(target);
  if (owner.major < OLDEST_MAJOR) {
    return bad(`${place} runs PostgreSQL ${owner.version}`, `use version ${OLDEST_MAJOR} or newer`);
  }
  if (owner.standby || runtime.standby) {
    return bad(`${place} is a standby, which takes no writes`, 'name the primary server', true);
  }
  if (!owner.creates) {
    return bad(
      `the role '${owner.role}' may not make tables in the schema 'public' of ${place}`,
      `as the database's administrator: GRANT CREATE ON SCHEMA public TO "${owner.role}"`,
    );
  }
  const secured = target.tls === undefined ? 'without TLS, on this machine' : 'TLS verified';
  const detail = `${place}, ${secured}, PostgreSQL ${owner.version}`;
  if (!hasOwnRuntimeRole(database)) {
    return {
      kind: 'good',
      detail,
      note: `the gateway's role '${runtime.role}' may change the schema; give the owner's URL as DATABASE_OWNER_URL and one without that right as DATABASE_URL to end this`,
    };
  }
  if (runtime.superuser || runtime.creates || runtime.owns) {
    return bad(
      `the gateway's role '${runtime.role}' may change the schema of ${place}`,
      `give DATABASE_URL a role that owns nothing, has no CREATE on schema or database and is no superuser: CREATE ROLE litellm LOGIN PASSWORD ...`,
    );
  }
  return { kind: 'good', detail };
}
