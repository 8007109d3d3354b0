import type { Standing } from '../identity/roles.ts';

const everybody = ['proxy_admin', 'proxy_admin_viewer', 'internal_user', 'internal_user_viewer'] as const;

/**
 * Who may call a management route. Being allowed to call it is one half; the other is the object that the call names, and
 * the handler asks `identity/permissions.ts` about that.
 */
export const audiences = {
  /** Whoever has a key; everybody sees and does what is its own. */
  key: everybody,
  /** Who makes and changes keys: not who may only look. */
  key_keeper: ['proxy_admin', 'org_admin', 'team_admin', 'internal_user'],
  /** Who adds people to a team that he runs, or himself to one that is open to users. */
  team_joiner: ['proxy_admin', 'org_admin', 'team_admin', 'internal_user'],
  /** Who runs a team. */
  team_keeper: ['proxy_admin', 'org_admin', 'team_admin'],
  /** Who makes teams and users. */
  organizer: ['proxy_admin', 'org_admin'],
  /** Who sees the list of users. */
  directory: ['proxy_admin', 'proxy_admin_viewer', 'org_admin'],
  /** Who sees everything. */
  overseer: ['proxy_admin', 'proxy_admin_viewer'],
  /** Who sees what everybody has spent, as sums. */
  spend_reader: ['proxy_admin', 'proxy_admin_viewer', 'spend_reader'],
  admin: ['proxy_admin'],
} as const satisfies Record<string, readonly Standing[]>;

export type Audience = keyof typeof audiences;

/**
 * Who may call a route.
 * - `public`: anyone; the handler sees no identity.
 * - `llm`: a virtual key or the master key; refused in the OpenAI envelope.
 * - an audience: the master key, or a virtual key of somebody who belongs to it.
 * - `ui`: what a browser asks for without a key. Pages and forms of the admin UI check the session cookie and the CSRF token
 *   themselves, in ui/; what an invitation opens checks its link.
 */
export type Access = 'public' | 'llm' | 'ui' | Audience;

export interface RouteDeclaration {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'HEAD';
  /** Fastify path. */
  readonly url: string;
  readonly access: Access;
  /**
   * Served on Node's own request and response, past Fastify, whose share was an eighth of a call's CPU time:
   * the routes that carry calls to providers.
   */
  readonly direct?: true;
  /** `private`: the edge lets in this machine and private networks alone, whatever its operator has opened. */
  readonly reach?: 'private';
}

/**
 * Every route of the gateway: the server registers exactly these, and nginx passes exactly their prefixes.
 * A route without `access` does not compile; a handler without a row here has no place to be registered.
 */
export const routes = {
  chatCompletions: { method: 'POST', url: '/v1/chat/completions', access: 'llm', direct: true },
  chatCompletionsUnversioned: { method: 'POST', url: '/chat/completions', access: 'llm', direct: true },
  listModels: { method: 'GET', url: '/v1/models', access: 'llm' },
  listModelsUnversioned: { method: 'GET', url: '/models', access: 'llm' },
  getModel: { method: 'GET', url: '/v1/models/*', access: 'llm' },
  getModelUnversioned: { method: 'GET', url: '/models/*', access: 'llm' },

  generateKey: { method: 'POST', url: '/key/generate', access: 'key_keeper' },
  generateServiceAccountKey: { method: 'POST', url: '/key/service-account/generate', access: 'key_keeper' },
  updateKey: { method: 'POST', url: '/key/update', access: 'key_keeper' },
  regenerateKey: { method: 'POST', url: '/key/regenerate', access: 'key_keeper' },
  regenerateNamedKey: { method: 'POST', url: '/key/:key/regenerate', access: 'key_keeper' },
  keyInfo: { method: 'GET', url: '/key/info', access: 'key' },
  deleteKey: { method: 'POST', url: '/key/delete', access: 'key_keeper' },
  blockKey: { method: 'POST', url: '/key/block', access: 'team_keeper' },
  unblockKey: { method: 'POST', url: '/key/unblock', access: 'team_keeper' },
  listKeys: { method: 'GET', url: '/key/list', access: 'key' },
  listKeyAliases: { method: 'GET', url: '/key/aliases', access: 'key' },
  keysInfo: { method: 'POST', url: '/v2/key/info', access: 'key' },
  updateKeys: { method: 'POST', url: '/key/bulk_update', access: 'key_keeper' },
  resetKeySpend: { method: 'POST', url: '/key/:key/reset_spend', access: 'admin' },
  keyHealth: { method: 'POST', url: '/key/health', access: 'key' },

  newTeam: { method: 'POST', url: '/team/new', access: 'organizer' },
  updateTeam: { method: 'POST', url: '/team/update', access: 'team_keeper' },
  deleteTeam: { method: 'POST', url: '/team/delete', access: 'organizer' },
  teamInfo: { method: 'GET', url: '/team/info', access: 'key' },
  listTeams: { method: 'GET', url: '/team/list', access: 'key' },
  pageTeams: { method: 'GET', url: '/v2/team/list', access: 'key' },
  availableTeams: { method: 'GET', url: '/team/available', access: 'key' },
  blockTeam: { method: 'POST', url: '/team/block', access: 'organizer' },
  unblockTeam: { method: 'POST', url: '/team/unblock', access: 'organizer' },
  addTeamMember: { method: 'POST', url: '/team/member_add', access: 'team_joiner' },
  updateTeamMember: { method: 'POST', url: '/team/member_update', access: 'team_keeper' },
  deleteTeamMember: { method: 'POST', url: '/team/member_delete', access: 'team_keeper' },
  addTeamMembers: { method: 'POST', url: '/team/bulk_member_add', access: 'team_keeper' },
  addTeamModels: { method: 'POST', url: '/team/model/add', access: 'team_keeper' },
  deleteTeamModels: { method: 'POST', url: '/team/model/delete', access: 'team_keeper' },
  teamPermissions: { method: 'GET', url: '/team/permissions_list', access: 'key' },
  updateTeamPermissions: { method: 'POST', url: '/team/permissions_update', access: 'team_keeper' },

  newUser: { method: 'POST', url: '/user/new', access: 'organizer' },
  userInfo: { method: 'GET', url: '/user/info', access: 'key' },
  updateUser: { method: 'POST', url: '/user/update', access: 'key' },
  deleteUser: { method: 'POST', url: '/user/delete', access: 'admin' },
  listUsers: { method: 'GET', url: '/user/list', access: 'directory' },
  getUsers: { method: 'GET', url: '/user/get_users', access: 'directory' },
  userAlone: { method: 'GET', url: '/v2/user/info', access: 'key' },
  updateUsers: { method: 'POST', url: '/user/bulk_update', access: 'admin' },
  availableRoles: { method: 'GET', url: '/user/available_roles', access: 'key' },
  availableUsers: { method: 'GET', url: '/user/available_users', access: 'directory' },

  newInvitation: { method: 'POST', url: '/invitation/new', access: 'admin' },
  invitationInfo: { method: 'GET', url: '/invitation/info', access: 'admin' },
  updateInvitation: { method: 'POST', url: '/invitation/update', access: 'admin' },
  deleteInvitation: { method: 'POST', url: '/invitation/delete', access: 'admin' },
  openInvitation: { method: 'GET', url: '/onboarding/get_token', access: 'ui' },
  claimInvitation: { method: 'POST', url: '/onboarding/claim_token', access: 'ui' },

  newOrganization: { method: 'POST', url: '/organization/new', access: 'admin' },
  updateOrganization: { method: 'PATCH', url: '/organization/update', access: 'organizer' },
  deleteOrganization: { method: 'DELETE', url: '/organization/delete', access: 'admin' },
  listOrganizations: { method: 'GET', url: '/organization/list', access: 'key' },
  organizationInfo: { method: 'GET', url: '/organization/info', access: 'key' },
  organizationsInfo: { method: 'POST', url: '/organization/info', access: 'key' },
  addOrganizationMember: { method: 'POST', url: '/organization/member_add', access: 'organizer' },
  updateOrganizationMember: { method: 'PATCH', url: '/organization/member_update', access: 'organizer' },
  deleteOrganizationMember: { method: 'DELETE', url: '/organization/member_delete', access: 'organizer' },

  newCustomer: { method: 'POST', url: '/customer/new', access: 'admin' },
  customerInfo: { method: 'GET', url: '/customer/info', access: 'overseer' },
  updateCustomer: { method: 'POST', url: '/customer/update', access: 'admin' },
  deleteCustomer: { method: 'POST', url: '/customer/delete', access: 'admin' },
  listCustomers: { method: 'GET', url: '/customer/list', access: 'overseer' },
  blockCustomers: { method: 'POST', url: '/customer/block', access: 'admin' },
  unblockCustomers: { method: 'POST', url: '/customer/unblock', access: 'admin' },
  newEndUser: { method: 'POST', url: '/end_user/new', access: 'admin' },
  endUserInfo: { method: 'GET', url: '/end_user/info', access: 'overseer' },
  updateEndUser: { method: 'POST', url: '/end_user/update', access: 'admin' },
  deleteEndUser: { method: 'POST', url: '/end_user/delete', access: 'admin' },
  listEndUsers: { method: 'GET', url: '/end_user/list', access: 'overseer' },
  blockEndUsers: { method: 'POST', url: '/end_user/block', access: 'admin' },
  unblockEndUsers: { method: 'POST', url: '/end_user/unblock', access: 'admin' },

  newTag: { method: 'POST', url: '/tag/new', access: 'admin' },
  updateTag: { method: 'POST', url: '/tag/update', access: 'admin' },
  tagInfo: { method: 'POST', url: '/tag/info', access: 'overseer' },
  listTags: { method: 'GET', url: '/tag/list', access: 'overseer' },
  deleteTag: { method: 'POST', url: '/tag/delete', access: 'admin' },

  newBudget: { method: 'POST', url: '/budget/new', access: 'admin' },
  budgetInfo: { method: 'POST', url: '/budget/info', access: 'overseer' },
  updateBudget: { method: 'POST', url: '/budget/update', access: 'admin' },
  deleteBudget: { method: 'POST', url: '/budget/delete', access: 'admin' },
  listBudgets: { method: 'GET', url: '/budget/list', access: 'overseer' },
  budgetSettings: { method: 'GET', url: '/budget/settings', access: 'overseer' },

  newModel: { method: 'POST', url: '/model/new', access: 'admin' },
  updateModel: { method: 'POST', url: '/model/update', access: 'admin' },
  patchModel: { method: 'PATCH', url: '/model/:model_id/update', access: 'admin' },
  deleteModel: { method: 'POST', url: '/model/delete', access: 'admin' },
  modelInfo: { method: 'GET', url: '/model/info', access: 'llm' },
  modelInfoVersioned: { method: 'GET', url: '/v1/model/info', access: 'llm' },
  modelInfoPaged: { method: 'GET', url: '/v2/model/info', access: 'llm' },
  modelGroupInfo: { method: 'GET', url: '/model_group/info', access: 'llm' },
  newCredential: { method: 'POST', url: '/credentials', access: 'admin' },
  listCredentials: { method: 'GET', url: '/credentials', access: 'overseer' },
  credentialByName: { method: 'GET', url: '/credentials/by_name/:name', access: 'overseer' },
  updateCredential: { method: 'PATCH', url: '/credentials/:name', access: 'admin' },
  deleteCredential: { method: 'DELETE', url: '/credentials/:name', access: 'admin' },

  listAudit: { method: 'GET', url: '/audit', access: 'overseer' },
  auditRow: { method: 'GET', url: '/audit/:id', access: 'overseer' },

  spendLogs: { method: 'GET', url: '/spend/logs', access: 'key' },
  spendLogsPage: { method: 'GET', url: '/spend/logs/ui', access: 'key' },
  spendLogsPageV2: { method: 'GET', url: '/spend/logs/v2', access: 'key' },
  spendLogContent: { method: 'GET', url: '/spend/logs/ui/:request_id', access: 'key' },
  sessionSpendLogs: { method: 'GET', url: '/spend/logs/session/ui', access: 'key' },
  spendKeys: { method: 'GET', url: '/spend/keys', access: 'key' },
  spendUsers: { method: 'GET', url: '/spend/users', access: 'key' },
  spendTags: { method: 'GET', url: '/spend/tags', access: 'spend_reader' },
  calculateSpend: { method: 'POST', url: '/spend/calculate', access: 'key' },
  globalSpend: { method: 'GET', url: '/global/spend', access: 'key' },
  globalSpendLogs: { method: 'GET', url: '/global/spend/logs', access: 'key' },
  globalSpendKeys: { method: 'GET', url: '/global/spend/keys', access: 'key' },
  globalSpendModels: { method: 'GET', url: '/global/spend/models', access: 'key' },
  globalSpendProviders: { method: 'GET', url: '/global/spend/provider', access: 'key' },
  globalSpendTeams: { method: 'GET', url: '/global/spend/teams', access: 'key' },
  globalSpendEndUsers: { method: 'POST', url: '/global/spend/end_users', access: 'spend_reader' },
  globalSpendTags: { method: 'GET', url: '/global/spend/tags', access: 'spend_reader' },
  globalTagNames: { method: 'GET', url: '/global/spend/all_tag_names', access: 'spend_reader' },
  globalSpendReport: { method: 'GET', url: '/global/spend/report', access: 'spend_reader' },
  globalActivity: { method: 'GET', url: '/global/activity', access: 'key' },
  globalActivityModels: { method: 'GET', url: '/global/activity/model', access: 'key' },
  globalActivityCacheHits: { method: 'GET', url: '/global/activity/cache_hits', access: 'key' },
  globalActivityExceptions: { method: 'GET', url: '/global/activity/exceptions', access: 'spend_reader' },
  globalActivityExceptionsByDeployment: {
    method: 'GET',
    url: '/global/activity/exceptions/deployment',
    access: 'spend_reader',
  },
  resetGlobalSpend: { method: 'POST', url: '/global/spend/reset', access: 'admin' },
  providerBudgets: { method: 'GET', url: '/provider/budgets', access: 'overseer' },
  userDailyActivity: { method: 'GET', url: '/user/daily/activity', access: 'key' },
  wholeUserDailyActivity: { method: 'GET', url: '/user/daily/activity/aggregated', access: 'key' },
  teamDailyActivity: { method: 'GET', url: '/team/daily/activity', access: 'key' },
  tagDailyActivity: { method: 'GET', url: '/tag/daily/activity', access: 'overseer' },
  organizationDailyActivity: { method: 'GET', url: '/organization/daily/activity', access: 'directory' },
  customerDailyActivity: { method: 'GET', url: '/customer/daily/activity', access: 'overseer' },
  endUserDailyActivity: { method: 'GET', url: '/end_user/daily/activity', access: 'overseer' },
  agentDailyActivity: { method: 'GET', url: '/agent/daily/activity', access: 'overseer' },

  listSettings: { method: 'GET', url: '/config/list', access: 'overseer' },
  settingInfo: { method: 'GET', url: '/config/field/info', access: 'overseer' },
  updateSettings: { method: 'POST', url: '/config/update', access: 'admin' },
  updateSetting: { method: 'POST', url: '/config/field/update', access: 'admin' },
  deleteSetting: { method: 'POST', url: '/config/field/delete', access: 'admin' },
  alertingSettings: { method: 'GET', url: '/alerting/settings', access: 'overseer' },
  routerSettings: { method: 'GET', url: '/router/settings', access: 'overseer' },
  routerFields: { method: 'GET', url: '/router/fields', access: 'overseer' },
  callbackSettings: { method: 'GET', url: '/get/config/callbacks', access: 'overseer' },
  listCallbacks: { method: 'GET', url: '/callbacks/list', access: 'overseer' },
  activeCallbacks: { method: 'GET', url: '/active/callbacks', access: 'overseer' },
  activeCallbacksUnprefixed: { method: 'GET', url: '/settings', access: 'overseer' },

  // Private as all that stands below it and is not for load balancers.
  health: { method: 'GET', url: '/health', access: 'overseer', reach: 'private' },
  testConnection: { method: 'POST', url: '/health/test_connection', access: 'admin', reach: 'private' },
  liveliness: { method: 'GET', url: '/health/liveliness', access: 'public' },
  liveness: { method: 'GET', url: '/health/liveness', access: 'public' },
  readiness: { method: 'GET', url: '/health/readiness', access: 'public' },
  // Private, since the rest of the path is open to load balancers, which hold no key.
  readinessDetails: { method: 'GET', url: '/health/readiness/details', access: 'llm', reach: 'private' },

  uiHome: { method: 'GET', url: '/ui', access: 'ui' },
  uiSignInForm: { method: 'GET', url: '/ui/sign-in', access: 'ui' },
  uiSignIn: { method: 'POST', url: '/ui/sign-in', access: 'ui' },
  uiPasswordForm: { method: 'GET', url: '/ui/password', access: 'ui' },
  uiPassword: { method: 'POST', url: '/ui/password', access: 'ui' },
  uiSignOut: { method: 'POST', url: '/ui/sign-out', access: 'ui' },
  uiStylesheet: { method: 'GET', url: '/ui/style.css', access: 'public' },
} as const satisfies Record<string, RouteDeclaration>;

export type RouteId = keyof typeof routes;

export type DirectRouteId = {
  [K in RouteId]: (typeof routes)[K] extends { readonly direct: true } ? K : never;
}[RouteId];
