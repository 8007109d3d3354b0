import { Client } from 'pg';
import type { ProductFacts } from '../../appliance/index.ts';
import { runSql, startDatabase } from '../database.ts';
import { FirstBootError } from '../failure.ts';
import type { Machine } from '../machine.ts';
import { scramVerifier } from '../scram.ts';
import type { Step } from './step.ts';

/**
 * The two roles and the database: the owner changes the schema and comes by socket, without any password; the gateway's
 * role may only use what the owner grants it.
 */
export const databaseRoles: Step = {
  name: 'database-roles',
  async perform({ machine, secrets }) {
    const verifier = scramVerifier(secrets.databasePassword, secrets.databaseSalt);
    await startDatabase(machine);
    const stored = await runSql(machine, rolesAndDatabase(machine.facts, verifier));
    // PostgreSQL would take a malformed verifier for a plain password, without a word.
    if (stored.trim() !== verifier) {
      throw new FirstBootError(
        `PostgreSQL did not store the verifier of the role '${machine.facts.users.service}' as it was given`,
        'this is a fault of the image: report it with the PostgreSQL version',
      );
    }
    await logIn(machine, secrets.databasePassword);
  },
};

/** The psql commands that make roles and database; psql itself quotes what stands after a colon. The last one prints the stored verifier. */
export function rolesAndDatabase({ users, database }: ProductFacts, verifier: string): string {
  return `\\set owner '${users.owner}'
\\set service '${users.service}'
\\set database '${database}'
\\set verifier '${verifier}'
SELECT format('CREATE ROLE %I', role) FROM unnest(ARRAY[:'owner', :'service']) role
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \\gexec
ALTER ROLE :"owner" LOGIN PASSWORD NULL NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE :"service" LOGIN PASSWORD :'verifier' NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
-- The gateway's own limits are shorter; these are for whoever else signs in as its role. Migrations bring their own.
ALTER ROLE :"service" SET statement_timeout = '30s';
ALTER ROLE :"service" SET lock_timeout = '10s';
ALTER ROLE :"service" SET idle_in_transaction_session_timeout = '60s';
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING %L', :'database', :'owner', 'UTF8')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \\gexec
ALTER DATABASE :"database" OWNER TO :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"service";
\\connect :database
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"service";
SELECT rolpassword FROM pg_authid WHERE rolname = :'service';
`;
}

async function logIn({ facts }: Machine, password: string): Promise<void> {
  const client = new Client({
    host: '127.0.0.1',
    port: facts.ports.postgresql,
    user: facts.users.service,
    database: facts.database,
    password,
    ssl: false,
  });
  try {
    await client.connect();
    await client.query('SELECT 1');
  } catch (cause) {
    throw new FirstBootError(
      `the role '${facts.users.service}' cannot log in to PostgreSQL: ${(cause as Error).message}`,
      'see that nothing else listens on the PostgreSQL port, then: systemctl restart litellm-firstboot',
      { cause },
    );
  } finally {
    await client.end();
  }
}
