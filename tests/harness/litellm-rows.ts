import { hashed, type Plant } from './litellm-database.ts';

/** Noon of a Saturday: when the database is taken over. */
export const NOW = Date.UTC(2026, 10, 21, 12);
const DAY = 86_400_000;
export const at = (days: number): string => new Date(NOW + days * DAY).toISOString();

/** Text of a JSON value that an old writer has serialised twice. */
const twice = (value: unknown): string => JSON.stringify(JSON.stringify(value));

export const keys = {
  plain: 'sk-plain-key-0001',
  blocked: 'sk-blocked-key-0002',
  expired: 'sk-expired-key-0003',
  budgeted: 'sk-budgeted-key-0004',
  spent: 'sk-spent-key-0005',
  rotated: 'sk-rotated-key-0006',
  inGrace: 'sk-in-grace-key-0007',
  afterGrace: 'sk-out-of-grace-0008',
  linked: 'sk-linked-key-0009',
  due: 'sk-due-key-0010',
} as const;

export const HASHED_MASTER = hashed('sk-master-of-litellm');
/** `openai/gpt-4o` under the salt key `salt-of-the-vectors`, as PyNaCl and cryptography of PyPI seal it in LiteLLM's formats. */
export const sealed = {
  saltKey: 'salt-of-the-vectors',
  text: 'openai/gpt-4o',
  legacy: '8EYxpGk0tgeIJqtR3-6hQqzra3R5ZNR5ZRZgxPCYnkOdxKS2Ote8FTInTG1LYFYjrqdU4TI=',
  v2: 'v2:gcm:y1nNC6moLvIv72t_67d_-XHg5TWIprCk_plnERRNai2ZWEqMUa2a_5g=',
  v3: 'v3:gcm:y1nNC6moLvIv72t_jCsf1yFRlNzz4Q0mo1kyzHNZ0KKDa7z7lDaSOco=',
} as const;

const token = (name: keyof typeof keys, row: object = {}) => ({ token: hashed(keys[name]), ...row });
const byAdmin = { created_by: 'default_user_id', updated_by: 'default_user_id' };

/** Calls of forty days, eight a day, today's and one of a clock that ran a year ahead among them. */
const calls = Array.from({ length: 320 }, (_, index) => ({
  request_id: `chatcmpl-${index}`,
  call_type: 'acompletion',
  api_key: [hashed(keys.plain), 'litellm_proxy_master_key', HASHED_MASTER][index % 3],
  spend: 0.001,
  total_tokens: 12,
  startTime: at(index === 319 ? 365 : -Math.floor(index / 8)),
  endTime: at(index === 319 ? 365 : -Math.floor(index / 8)),
  model: 'gpt-4o-mini',
  user: index % 3 === 0 ? 'ada' : 'default_user_id',
  metadata: index % 4 === 0 ? twice({ user_api_key_alias: 'plain' }) : '{"user_api_key_alias": "plain"}',
  messages: index === 5 ? '{"messages": [{"role": "user", "content": "hello"}]}' : '{}',
  request_tags: '["red"]',
  status: 'success',
  litellm_call_id: `call-${index}`,
}));

const daily = { date: '2026-11-20', api_key: hashed(keys.plain), updated_at: at(-1) };

export const rows: Plant = {
  LiteLLM_BudgetTable: [
    {
      budget_id: 'monthly',
      max_budget: 2,
      budget_duration: '30d',
      budget_reset_at: at(9),
      tpd_limit: 5000,
      ...byAdmin,
    },
    { budget_id: 'of-org', max_budget: 100, ...byAdmin },
  ],
  LiteLLM_ObjectPermissionTable: [{ object_permission_id: 'perm', mcp_servers: ['one'] }],
  LiteLLM_ModelTable: [{ id: 7, aliases: '{"fast": "gpt-4o-mini"}', ...byAdmin }],
  LiteLLM_OrganizationTable: [
    { organization_id: 'org', organization_alias: 'Org', budget_id: 'of-org', spend: 12.5, ...byAdmin },
  ],
  LiteLLM_TeamTable: [
    {
      team_id: 'red',
      team_alias: 'Red',
      organization_id: 'org',
      members_with_roles: '[{"role": "admin", "user_id": "ada"}]',
      metadata: twice({ note: 'twice' }),
      max_budget: 20,
      budget_duration: '7d',
      budget_reset_at: at(2),
      spend: 3.75,
      model_id: 7,
      blocked: false,
      default_team_member_models: ['gpt-4o-mini'],
    },
    { team_id: 'empty', blocked: false },
  ],
  LiteLLM_UserTable: [
    { user_id: 'default_user_id', user_role: 'proxy_admin', password: 'scrypt:of:litellm', spend: 1.5 },
    { user_id: 'litellm-proxy-budget', max_budget: 1000, spend: 17.5 },
    {
      user_id: 'ada',
      user_email: 'Ada@example.com',
      user_role: 'internal_user',
      teams: ['red'],
      spend: 0.4,
      organization_id: 'org',
    },
    { user_id: 'eve', user_role: 'internal_user_viewer', metadata: twice({ from: 'old' }) },
  ],
  LiteLLM_VerificationToken: [
    token('plain', {
      key_alias: 'plain',
      user_id: 'ada',
      team_id: 'red',
      models: ['gpt-4o-mini'],
      metadata: twice({ tags: ['a'] }),
    }),
    token('blocked', { blocked: true }),
    token('expired', { expires: at(-1) }),
    token('budgeted', { max_budget: 10, budget_duration: '30d', budget_reset_at: at(9), spend: 0.1 + 0.2 }),
    token('spent', { max_budget: 1, spend: 1.000000000001 }),
    token('rotated', { rotation_count: 1, spend: 0.25 }),
    token('linked', { budget_id: 'monthly', spend: 1.5 }),
    token('due', { max_budget: 1, budget_duration: '1d', budget_reset_at: at(-0.5), spend: 0.9 }),
  ],
  LiteLLM_DeletedVerificationToken: [{ id: 'gone', token: hashed('sk-gone'), spend: 4 }],
  LiteLLM_DeprecatedVerificationToken: [
    { id: 'd1', token: hashed(keys.inGrace), active_token_id: hashed(keys.rotated), revoke_at: at(1) },
    { id: 'd2', token: hashed(keys.afterGrace), active_token_id: hashed(keys.rotated), revoke_at: at(-1) },
  ],
  LiteLLM_JWTKeyMapping: [
    { id: 'j', jwt_claim_name: 'sub', jwt_claim_value: 'ada', token: hashed(keys.plain) },
  ],
  LiteLLM_OrganizationMembership: [
    { user_id: 'ada', organization_id: 'org', user_role: 'org_admin', spend: 0.4, budget_id: 'monthly' },
    { user_id: 'eve', organization_id: 'org', user_role: 'internal_user', spend: null },
  ],
  LiteLLM_TeamMembership: [
    { user_id: 'ada', team_id: 'red', spend: 0.4, total_spend: 0.4, budget_id: 'monthly' },
  ],
  LiteLLM_EndUserTable: [
    { user_id: 'customer', alias: 'Customer', spend: 0.7, budget_id: 'monthly', blocked: false },
    { user_id: 'bad', blocked: true },
  ],
  LiteLLM_InvitationLink: [
    {
      id: 'i',
      user_id: 'eve',
      expires_at: at(5),
      created_at: at(0),
      created_by: 'ada',
      updated_at: at(0),
      updated_by: 'ada',
    },
  ],
  LiteLLM_ProxyModelTable: [
    {
      model_id: 'm1',
      model_name: 'fast',
      litellm_params: JSON.stringify({ model: sealed.v3, api_base: sealed.legacy, rpm: 10 }),
      ...byAdmin,
    },
  ],
  LiteLLM_CredentialsTable: [
    {
      credential_id: 'c1',
      credential_name: 'shared',
      credential_values: JSON.stringify({ api_key: sealed.v2 }),
      ...byAdmin,
    },
  ],
  LiteLLM_Config: [{ param_name: 'litellm_settings', param_value: '{"drop_params": true}' }],
  LiteLLM_SpendLogs: calls,
  LiteLLM_AuditLog: [
    {
      id: 'a',
      action: 'created',
      table_name: 'LiteLLM_UserTable',
      object_id: 'ada',
      updated_values: twice({ user_id: 'ada' }),
    },
  ],
  LiteLLM_DailyUserSpend: [
    {
      id: 'u1',
      user_id: 'ada',
      model: 'gpt-4o-mini',
      custom_llm_provider: 'openai',
      spend: 0.1,
      api_requests: 1,
      ...daily,
    },
    {
      id: 'u2',
      user_id: 'ada',
      model: 'gpt-4o-mini',
      custom_llm_provider: 'openai',
      spend: 0.2,
      api_requests: 2,
      ...daily,
    },
  ],
  LiteLLM_DailyTagSpend: [{ id: 't1', tag: 'red', request_id: 'chatcmpl-1', spend: 0.3, ...daily }],
};
