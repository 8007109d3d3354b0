import {
  type AuditAction,
  type AuditEntry,
  type AuditedTable,
  audited,
  changedColumns,
} from '../../observe/audit-entry.ts';

/** A row's table and its id there. */
type Place = readonly [table: AuditedTable, id: string];

/** What a request changes: rows, for the audit log, and subjects, for whoever keeps them in memory. */
export class Changes {
  readonly #record: (entry: AuditEntry) => void;
  readonly #subjects = new Set<string>();
  readonly #budgets = new Set<string>();

  constructor(record: (entry: AuditEntry) => void) {
    this.#record = record;
  }

  /** Keys by their hashes, and whom keys act for (`identity/subjects.ts`). */
  get subjects(): readonly string[] {
    return [...this.#subjects];
  }

  /** Budgets that accounts have to follow, by their ids. */
  get budgets(): readonly string[] {
    return [...this.#budgets];
  }

  /** Notes a budget that accounts have to follow. */
  follow(budgetId: string): void {
    this.#budgets.add(budgetId);
  }

  /** Notes a subject that is to be forgotten. */
  add(subject: string): this {
    this.#subjects.add(subject);
    return this;
  }

  created([table, objectId]: Place, row: object): void {
    this.#record({ action: 'created', table, objectId, before: null, after: audited(row) });
  }

  deleted([table, objectId]: Place, row: object): void {
    this.#record({ action: 'deleted', table, objectId, before: audited(row), after: null });
  }

  /** A row as it was, and as it is now. */
  updated(
    [table, objectId]: Place,
    before: object,
    after: object,
    action: Exclude<AuditAction, 'created' | 'deleted'> = 'updated',
  ): void {
    const changed = changedColumns(before, after);
    this.#record({ action, table, objectId, before: audited(before), after: changed });
  }
}

export const keyAt = (hash: string): Place => ['LiteLLM_VerificationToken', hash];
export const teamAt = (teamId: string): Place => ['LiteLLM_TeamTable', teamId];
/** A member's account within a team; which team says the row. */
export const memberAt = (userId: string): Place => ['LiteLLM_TeamMembership', userId];
export const organizationAt = (organizationId: string): Place => [
  'LiteLLM_OrganizationTable',
  organizationId,
];
/** A member's account within an organisation; which one says the row. */
export const organizationMemberAt = (userId: string): Place => ['LiteLLM_OrganizationMembership', userId];
export const userAt = (userId: string): Place => ['LiteLLM_UserTable', userId];
export const customerAt = (userId: string): Place => ['LiteLLM_EndUserTable', userId];
export const invitationAt = (id: string): Place => ['LiteLLM_InvitationLink', id];
export const tagAt = (name: string): Place => ['LiteLLM_TagTable', name];
export const budgetAt = (budgetId: string): Place => ['LiteLLM_BudgetTable', budgetId];
export const modelAt = (modelId: string): Place => ['LiteLLM_ProxyModelTable', modelId];
export const credentialAt = (name: string): Place => ['LiteLLM_CredentialsTable', name];
/** A section of the settings in the database. */
export const settingsAt = (section: string): Place => ['LiteLLM_Config', section];
