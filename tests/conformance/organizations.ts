import { like, section, some, text, unprocessable, uuid } from './row.ts';

const acme = 'conformance-acme';

export const organizations = section('3.4', [
  [
    'an organisation always has a budget',
    'POST /organization/new',
    { body: { organization_id: acme, organization_alias: 'Acme', max_budget: 100, models: ['one'] } },
    200,
    { organization_id: acme, organization_alias: 'Acme', models: ['one'], spend: 0, budget_id: uuid },
  ],
  ['it has a name', 'POST /organization/new', { body: {} }, 422, unprocessable],
  [
    'only what is sent is changed',
    'PATCH /organization/update',
    { body: { organization_id: acme, organization_alias: 'ACME' } },
    200,
    { organization_alias: 'ACME', models: ['one'] },
  ],
  [
    'a member is added',
    'POST /organization/member_add',
    { body: { organization_id: acme, member: { role: 'internal_user', user_id: 'conformance-olga' } } },
    200,
    { organization_id: acme, updated_users: some(like({ user_id: 'conformance-olga' })) },
  ],
  [
    'and gets another role',
    'PATCH /organization/member_update',
    { body: { organization_id: acme, user_id: 'conformance-olga', role: 'org_admin' } },
    200,
  ],
  [
    'an organisation with budget, members and teams',
    `GET /organization/info?organization_id=${acme}`,
    {},
    200,
    {
      organization_id: acme,
      members: some(like({ user_id: 'conformance-olga' })),
      teams: [],
      litellm_budget_table: { max_budget: 100 },
    },
  ],
  ['in its older form', 'POST /organization/info', { body: { organizations: [acme] } }, 200],
  [
    'all organisations',
    'GET /organization/list',
    {},
    200,
    some(like({ organization_id: acme, budget_id: text })),
  ],
  [
    'a member leaves',
    'DELETE /organization/member_delete',
    { body: { organization_id: acme, user_id: 'conformance-olga' } },
    200,
  ],
  [
    'an organisation is deleted',
    'DELETE /organization/delete',
    { body: { organization_ids: [acme] } },
    200,
    [{ organization_id: acme }],
  ],
]);
