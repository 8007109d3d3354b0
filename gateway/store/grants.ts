import { escapeIdentifier } from 'pg';
import type { Connection } from './connection.ts';
import { SchemaError } from './schema.ts';

/**
 * Gives the runtime role what serving needs and nothing else: rows may be read and written, no table may be made,
 * changed or emptied, the list of applied migrations is read-only, and the audit log can only grow. Later tables get the
 * same by default privileges.
 * A role that owns the schema and serves as well has all rights already, and is left with them.
 */
export async function grantRuntime(db: Connection, runtimeRole: string): Promise<void> {
  const { rows } = await db.query<{ role: string }>({ text: 'SELECT current_user AS role' });
  if (rows[0]?.role === runtimeRole) return;
  const known = await db.query({ text: 'SELECT FROM pg_roles WHERE rolname = $1', values: [runtimeRole] });
  if (known.rows.length === 0) {
    throw new SchemaError(
      `there is no role '${runtimeRole}' for the gateway: create it, or name another one in RUNTIME_ROLE`,
    );
  }
  const role = escapeIdentifier(runtimeRole);
  const statements = [
    'REVOKE ALL ON SCHEMA public FROM PUBLIC',
    `GRANT USAGE ON SCHEMA public TO ${role}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`,
    `GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${role}`,
    `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${role}`,
    `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO ${role}`,
    `REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM ${role}`,
    `REVOKE UPDATE, DELETE ON "LiteLLM_AuditLog" FROM ${role}`,
    `REVOKE INSERT, UPDATE, DELETE ON audit_head FROM ${role}`,
    `GRANT UPDATE (seq, hash) ON audit_head TO ${role}`,
  ];
  for (const text of statements) await db.query({ text });
}
