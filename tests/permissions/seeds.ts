import { hash, randomBytes, randomUUID } from 'node:crypto';
import type { Pool } from 'pg';

const people = {
  admin: { id: 'u-admin', role: 'proxy_admin' },
  viewer: { id: 'u-viewer', role: 'proxy_admin_viewer' },
  org: { id: 'u-org', role: 'internal_user' },
  lead: { id: 'u-lead', role: 'internal_user' },
  member: { id: 'u-member', role: 'internal_user' },
  user: { id: 'u-user', role: 'internal_user' },
  look: { id: 'u-look', role: 'internal_user_viewer' },
  mate: { id: 'u-mate', role: 'internal_user' },
  hired: { id: 'u-hired', role: 'internal_user' },
  stranger: { id: 'u-stranger', role: 'internal_user' },
} as const;

export const RED = 'red';
export const BLUE = 'blue';
/** Teams of strangers that users may join by themselves, each for one object. */
export const openTeams = { open: 'open', guest: 'open-to-guests', raise: 'open-to-raises' } as const;
const RED_MEMBERS = [
  { role: 'admin', user_id: people.lead.id, user_email: null },
  { role: 'user', user_id: people.member.id, user_email: null },
  { role: 'user', user_id: people.mate.id, user_email: null },
];
const BLUE_MEMBERS = [
  { role: 'admin', user_id: people.stranger.id, user_email: null },
  { role: 'user', user_id: people.hired.id, user_email: null },
];

/** Somebody who calls: a key, its hash, and the user that it acts for. */
export interface Caller {
  readonly key: string | null;
  readonly hash: string;
  readonly userId: string | null;
}

/** Whom an object belongs to. */
export interface Owner {
  readonly userId?: string | null;
  readonly teamId?: string | null;
  readonly organizationId?: string;
  readonly createdBy?: string;
}

/** Two organisations with a team each, people in every place, and one key for each who calls. */
export class Seeds {
  readonly #db: Pool;
  readonly users = {
    mate: people.mate.id,
    org: people.hired.id,
    foreign: people.stranger.id,
  } as const;

  constructor(db: Pool) {
    this.#db = db;
  }

  async plant(masterKey: string): Promise<ReadonlyMap<string, Caller>> {
    for (const { id, role } of Object.values(people)) await this.user(id, role);
    for (const organization of ['acme', 'umbrella']) await this.organization(organization);
    await this.#belong(people.org.id, 'acme', 'org_admin');
    await this.#belong(people.hired.id, 'acme', 'internal_user');
    await this.#belong(people.stranger.id, 'umbrella', 'org_admin');
    await this.team(true, RED);
    await this.team(false, BLUE);
    for (const id of Object.values(openTeams)) await this.team(false, id);
    const callers = new Map<string, Caller>([
      ['master', { key: masterKey, hash: 'none', userId: 'default_user_id' }],
      ['none', { key: null, hash: 'none', userId: null }],
      ['team', await this.key({ teamId: RED })],
      ['bound', await this.key({ userId: people.admin.id }, ['llm_api_routes'])],
    ]);
    for (const name of ['admin', 'viewer', 'org', 'lead', 'member', 'user', 'look'] as const) {
      callers.set(name, await this.key({ userId: people[name].id }));
    }
    return callers;
  }

  async user(id: string, role: string): Promise<string> {
    await this.#db.query('INSERT INTO "LiteLLM_UserTable" (user_id, user_role) VALUES ($1, $2)', [id, role]);
    return id;
  }

  async organization(id: string): Promise<string> {
    await this.budget(id);
    await this.#db.query(
      `INSERT INTO "LiteLLM_OrganizationTable" (organization_id, organization_alias, budget_id, created_by, updated_by)
       VALUES ($1, $1, $1, 'x', 'x')`,
      [id],
    );
    return id;
  }

  /** A new member of an organisation. */
  async member(organization_id: string) {
    const user_id = await this.user(randomUUID(), 'internal_user');
    await this.#belong(user_id, organization_id, 'internal_user');
    return { organization_id, user_id };
  }

  async #belong(userId: string, organizationId: string, role: string): Promise<void> {
    await this.#db.query(
      'INSERT INTO "LiteLLM_OrganizationMembership" (user_id, organization_id, user_role) VALUES ($1, $2, $3)',
      [userId, organizationId, role],
    );
  }

  /** A new team like red (of acme) or like blue (of the strangers). */
  async team(own: boolean, id: string = randomUUID(), models: readonly string[] = []): Promise<string> {
    await this.#db.query(
      `INSERT INTO "LiteLLM_TeamTable" (team_id, organization_id, members_with_roles, models)
       VALUES ($1, $2, $3, $4)`,
      [id, own ? 'acme' : 'umbrella', JSON.stringify(own ? RED_MEMBERS : BLUE_MEMBERS), models],
    );
    return id;
  }

  async key(owner: Owner, allowedRoutes: readonly string[] = []): Promise<Caller> {
    const key = `sk-${randomBytes(16).toString('base64url')}`;
    const { userId = null, teamId = null, organizationId = null, createdBy = 'u-root' } = owner;
    await this.#db.query(
      `INSERT INTO "LiteLLM_VerificationToken" (token, user_id, team_id, organization_id, created_by, allowed_routes)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [hash('sha256', key), userId, teamId, organizationId, createdBy, allowedRoutes],
    );
    return { key, hash: hash('sha256', key), userId };
  }

  /** Somebody whom a key names, and who has no account. */
  async ghost(): Promise<string> {
    const userId = randomUUID();
    await this.key({ userId });
    return userId;
  }

  /** An invitation of a user, which nobody has used. */
  async invitation(userId: string): Promise<string> {
    const id = randomUUID();
    await this.#db.query(
      `INSERT INTO "LiteLLM_InvitationLink" (id, user_id, expires_at, created_by, updated_by)
       VALUES ($1, $2, now() + interval '1 day', 'x', 'x')`,
      [id, userId],
    );
    return id;
  }

  async customer(): Promise<string> {
    const id = randomUUID();
    await this.#db.query('INSERT INTO "LiteLLM_EndUserTable" (user_id) VALUES ($1)', [id]);
    return id;
  }

  async tag(): Promise<string> {
    const name = randomUUID();
    await this.#db.query('INSERT INTO "LiteLLM_TagTable" (tag_name) VALUES ($1)', [name]);
    return name;
  }

  async auditRow(): Promise<string> {
    const id = randomUUID();
    await this.#db.query(
      `INSERT INTO "LiteLLM_AuditLog" (id, action, table_name, object_id)
       VALUES ($1, 'created', 'LiteLLM_UserTable', 'x')`,
      [id],
    );
    return id;
  }

  async budget(id: string = randomUUID()): Promise<string> {
    await this.#db.query(
      `INSERT INTO "LiteLLM_BudgetTable" (budget_id, created_by, updated_by) VALUES ($1, 'x', 'x')`,
      [id],
    );
    return id;
  }

  /** A model as somebody may have put it in by hand: nothing in it is sealed. */
  async model(info: object): Promise<string> {
    const id = randomUUID();
    await this.#db.query(
      `INSERT INTO "LiteLLM_ProxyModelTable" (model_id, model_name, litellm_params, model_info, created_by, updated_by)
       VALUES ($1, 'm', '{"model": "openai/gpt-4o", "api_key": "x"}', $2, 'x', 'x')`,
      [id, JSON.stringify(info)],
    );
    return id;
  }

  async credential(): Promise<string> {
    const name = randomUUID();
    await this.#db.query(
      `INSERT INTO "LiteLLM_CredentialsTable" (credential_id, credential_name, credential_values, created_by, updated_by)
       VALUES ($1, $1, '{"api_key": "x"}', 'x', 'x')`,
      [name],
    );
    return name;
  }
}
