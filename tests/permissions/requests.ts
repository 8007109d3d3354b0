import { randomUUID } from 'node:crypto';
import { BLUE, type Caller, type Owner, RED, type Seeds } from './seeds.ts';

/** What a cell sends: a query, a path parameter or a body. */
export interface CellRequest {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** Replaces the parameter or the `*` of the route. */
  readonly path?: string;
  /** An empty form instead of JSON. */
  readonly form?: true;
}

interface Situation {
  readonly seeds: Seeds;
  readonly caller: Caller;
  readonly object: string;
}

type Build = (situation: Situation) => Promise<CellRequest>;

function ownerOf({ caller, object }: Situation): Owner {
  switch (object) {
    case 'team':
      return { teamId: RED };
    case 'mate':
      return { teamId: RED, userId: 'u-mate' };
    case 'org':
      return { organizationId: 'acme', userId: 'u-hired', createdBy: 'u-hired' };
    case 'foreign':
      return { teamId: BLUE, userId: 'u-stranger', createdBy: 'u-stranger' };
    case 'given':
    case 'budget':
      return { userId: caller.userId };
    default:
      return caller.userId === null ? {} : { userId: caller.userId, createdBy: caller.userId };
  }
}

/** Hash of a key of whom the object says; a caller without a user has itself alone. */
async function keyOf(situation: Situation): Promise<string> {
  const { seeds, caller, object } = situation;
  const itself = caller.userId === null && (object === 'own' || object === 'raise') && caller.key !== null;
  return itself ? caller.hash : (await seeds.key(ownerOf(situation))).hash;
}

const keyBody =
  (more: (situation: Situation) => object = () => ({})): Build =>
  async (situation) => ({ body: { key: await keyOf(situation), ...more(situation) } });

const teamBody =
  (more: (situation: Situation) => object = () => ({})): Build =>
  async (situation) => ({
    body: { team_id: await situation.seeds.team(situation.object !== 'foreign'), ...more(situation) },
  });

const organizationOf = (object: string): string => (object === 'foreign' ? 'umbrella' : 'acme');

/** Which user an object is. */
function userOf({ seeds, caller, object }: Situation): string {
  if (object === 'own' || object === 'raise') return caller.userId ?? 'nobody';
  return seeds.users[object as keyof typeof seeds.users];
}

const generate: Build = async ({ object }) => ({
  body: {
    own: {},
    team: { team_id: RED },
    mate: { team_id: RED, user_id: 'u-mate' },
    org: { organization_id: 'acme' },
    foreign: { team_id: BLUE },
    raise: { spend: 0 },
  }[object] as object,
});

const changes: Readonly<Record<string, object>> = {
  given: { duration: '90d' },
  budget: { max_budget: 5, rpm_limit: 10 },
  raise: { spend: 0 },
};

const update = keyBody(({ object }) => changes[object] ?? { key_alias: randomUUID() });

const listKeys: Build = async (situation) => {
  const { object } = situation;
  if (object === '-') return {};
  if (object === 'team') return { query: { team_id: RED } };
  if (object === 'org') return { query: { organization_id: 'acme' } };
  return { query: { user_id: userOf(situation) } };
};

const nothing: Build = async () => ({});
const customer =
  (name: string, list: boolean): Build =>
  async ({ seeds }) => {
    const id = await seeds.customer();
    return { body: { [name]: list ? [id] : id } };
  };
const customerInfo: Build = async ({ seeds }) => ({ query: { end_user_id: await seeds.customer() } });
const newCustomer: Build = async () => ({ body: { user_id: randomUUID() } });
const organizationQuery: Build = async ({ object }) =>
  object === '-' ? {} : { query: { organization_ids: organizationOf(object) } };
const days = { start_date: '2026-11-01', end_date: '2026-11-02' };
const inDays: Build = async () => ({ query: { ...days, model_group: 'm1' } });
const inPeriod: Build = async () => ({
  query: { start_date: '2026-11-01 00:00:00', end_date: '2026-11-02 00:00:00' },
});
const userActivity: Build = async (situation) => ({
  query: { ...days, ...(situation.object !== '-' && { user_id: userOf(situation) }) },
});
const spendOfUser: Build = async (situation) =>
  situation.object === '-' ? {} : { query: { user_id: userOf(situation) } };
const teamActivity: Build = async ({ object }) => ({
  query: { ...days, ...(object !== '-' && { team_ids: object === 'foreign' ? BLUE : RED }) },
});
const organizationActivity: Build = async (situation) => ({
  query: { ...days, ...(await organizationQuery(situation)).query },
});
const chat: Build = async () => ({ body: { model: 'm1', messages: [] } });
const oneModel: Build = async () => ({ path: 'm1' });
const form: Build = async () => ({ form: true });

const customers = (root: string): Readonly<Record<string, Build>> => ({
  [`POST /${root}/new`]: newCustomer,
  [`GET /${root}/info`]: customerInfo,
  [`POST /${root}/update`]: customer('user_id', false),
  [`POST /${root}/delete`]: customer('user_ids', true),
  [`GET /${root}/list`]: nothing,
  [`POST /${root}/block`]: customer('user_ids', true),
  [`POST /${root}/unblock`]: customer('user_ids', true),
});

/** For each route of the matrix, a request for the object that the cell names; each is new, so that cells leave no traces. */
export const requests: Readonly<Record<string, Build>> = {
  'POST /v1/chat/completions': chat,
  'POST /chat/completions': chat,
  'GET /v1/models': nothing,
  'GET /models': nothing,
  'GET /v1/models/*': oneModel,
  'GET /models/*': oneModel,
  'POST /key/generate': generate,
  'POST /key/service-account/generate': async ({ object }) => ({
    body: object === '-' ? {} : { team_id: object === 'foreign' ? BLUE : RED },
  }),
  'POST /key/update': update,
  'POST /key/regenerate': keyBody(),
  'POST /key/:key/regenerate': async (situation) => ({ path: await keyOf(situation), body: {} }),
  'GET /key/info': async (situation) => ({ query: { key: await keyOf(situation) } }),
  'GET /key/list': listKeys,
  'POST /key/delete': async (situation) => ({ body: { keys: [await keyOf(situation)] } }),
  'POST /key/block': keyBody(),
  'POST /key/unblock': keyBody(),
  'POST /team/new': async ({ object }) => ({
    body: object === '-' ? {} : { organization_id: organizationOf(object) },
  }),
  'POST /team/update': teamBody(({ object }) =>
    object === 'raise' ? { blocked: true } : { team_alias: 'x' },
  ),
  'POST /team/delete': async ({ seeds, object }) => ({
    body: { team_ids: [await seeds.team(object !== 'foreign')] },
  }),
  'POST /team/block': teamBody(),
  'POST /team/unblock': teamBody(),
  'GET /team/info': async ({ object }) => ({ query: { team_id: object === 'foreign' ? BLUE : RED } }),
  'GET /team/list': async (situation) =>
    situation.object === '-' ? {} : { query: { user_id: userOf(situation) } },
  'GET /team/available': nothing,
  'POST /team/member_add': teamBody(() => ({ member: { role: 'user', user_id: randomUUID() } })),
  'POST /team/member_update': teamBody(({ object }) => ({
    user_id: object === 'foreign' ? 'u-hired' : 'u-mate',
    role: 'user',
  })),
  'POST /team/member_delete': teamBody(({ object }) => ({
    user_id: object === 'foreign' ? 'u-hired' : 'u-mate',
  })),
  'POST /organization/new': async () => ({ body: { organization_alias: 'new' } }),
  'PATCH /organization/update': async ({ object }) => ({
    body: {
      organization_id: organizationOf(object),
      ...(object === 'raise' ? { max_budget: 5 } : { organization_alias: 'x' }),
    },
  }),
  'DELETE /organization/delete': async ({ seeds }) => ({
    body: { organization_ids: [await seeds.organization(randomUUID())] },
  }),
  'GET /organization/list': nothing,
  'GET /organization/info': async ({ object }) => ({ query: { organization_id: organizationOf(object) } }),
  'POST /organization/info': async ({ object }) => ({ body: { organizations: [organizationOf(object)] } }),
  'POST /organization/member_add': async ({ seeds, object }) => ({
    body: {
      organization_id: organizationOf(object),
      member: {
        role: 'internal_user',
        user_id: object === 'raise' ? await seeds.user(randomUUID(), 'internal_user') : randomUUID(),
      },
    },
  }),
  'PATCH /organization/member_update': async ({ seeds, object }) => ({
    body: { ...(await seeds.member(organizationOf(object))), role: 'org_admin' },
  }),
  'DELETE /organization/member_delete': async ({ seeds, object }) => ({
    body: await seeds.member(organizationOf(object)),
  }),
  'POST /user/new': async ({ object }) => ({
    body: {
      ...(object === '-' ? {} : { organizations: [organizationOf(object)] }),
      ...(object === 'raise' && { user_role: 'proxy_admin' }),
    },
  }),
  'GET /user/info': async (situation) =>
    situation.object === '-' ? {} : { query: { user_id: userOf(situation) } },
  'POST /user/update': async (situation) => ({
    body: {
      user_id: userOf(situation),
      ...(situation.object === 'raise'
        ? { user_role: 'proxy_admin' }
        : { user_email: `${userOf(situation)}@example.com` }),
    },
  }),
  'POST /user/delete': async ({ seeds }) => ({
    body: { user_ids: [await seeds.user(randomUUID(), 'internal_user')] },
  }),
  'GET /user/list': organizationQuery,
  ...customers('customer'),
  ...customers('end_user'),
  'POST /tag/new': async () => ({ body: { name: randomUUID() } }),
  'POST /tag/update': async ({ seeds }) => ({ body: { name: await seeds.tag() } }),
  'POST /tag/info': async ({ seeds }) => ({ body: { names: [await seeds.tag()] } }),
  'GET /tag/list': nothing,
  'POST /tag/delete': async ({ seeds }) => ({ body: { name: await seeds.tag() } }),
  'POST /budget/new': async () => ({ body: {} }),
  'POST /budget/info': async ({ seeds }) => ({ body: { budgets: [await seeds.budget()] } }),
  'POST /budget/update': async ({ seeds }) => ({ body: { budget_id: await seeds.budget() } }),
  'POST /budget/delete': async ({ seeds }) => ({ body: { id: await seeds.budget() } }),
  'GET /budget/list': nothing,
  'GET /audit': nothing,
  'GET /audit/:id': async ({ seeds }) => ({ path: await seeds.auditRow() }),
  'GET /spend/logs': nothing,
  'GET /spend/logs/ui': inPeriod,
  'GET /spend/logs/v2': inPeriod,
  'GET /spend/logs/ui/:request_id': async () => ({ path: 'chatcmpl-1' }),
  'GET /spend/logs/session/ui': async () => ({ query: { session_id: 'session-1' } }),
  'GET /spend/keys': nothing,
  'GET /spend/users': spendOfUser,
  'GET /spend/tags': nothing,
  'POST /spend/calculate': async () => ({ body: { model: 'm1', messages: [] } }),
  'GET /global/spend': nothing,
  'GET /global/spend/logs': nothing,
  'GET /global/spend/keys': nothing,
  'GET /global/spend/models': nothing,
  'GET /global/spend/provider': inDays,
  'GET /global/spend/teams': nothing,
  'POST /global/spend/end_users': async () => ({ body: {} }),
  'GET /global/spend/tags': inDays,
  'GET /global/spend/all_tag_names': nothing,
  'GET /global/spend/report': inDays,
  'GET /global/activity': inDays,
  'GET /global/activity/model': inDays,
  'GET /global/activity/cache_hits': inDays,
  'GET /global/activity/exceptions': inDays,
  'GET /global/activity/exceptions/deployment': inDays,
  'POST /global/spend/reset': async () => ({ body: {} }),
  'GET /provider/budgets': nothing,
  'GET /user/daily/activity': userActivity,
  'GET /user/daily/activity/aggregated': userActivity,
  'GET /team/daily/activity': teamActivity,
  'GET /organization/daily/activity': organizationActivity,
  'GET /tag/daily/activity': inDays,
  'GET /customer/daily/activity': inDays,
  'GET /end_user/daily/activity': inDays,
  'GET /agent/daily/activity': inDays,
  'GET /health/liveliness': nothing,
  'GET /health/liveness': nothing,
  'GET /health/readiness': nothing,
  'GET /ui': nothing,
  'GET /ui/sign-in': nothing,
  'POST /ui/sign-in': form,
  'GET /ui/password': nothing,
  'POST /ui/password': form,
  'POST /ui/sign-out': form,
  'GET /ui/style.css': nothing,
};
