import { randomUUID } from 'node:crypto';
import { absentRoutes } from '../../gateway/index.ts';
import { BLUE, type Caller, type Owner, openTeams, RED, type Seeds } from './seeds.ts';

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
  async (situation) => ({
    body: { key: await keyOf(situation), ...more(situation), ...(await linkOf(situation)) },
  });

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

/** Somebody for a request to add: an account, none that anybody knows, or none that a key names. */
async function personOf({ seeds, object }: Situation): Promise<string> {
  if (object === 'ghost') return seeds.ghost();
  return object === 'raise' ? seeds.user(randomUUID(), 'internal_user') : randomUUID();
}

/** What is sent to a team that users may join by themselves, where one is meant. */
function openTo({ caller, object }: Situation): object | undefined {
  const team_id = openTeams[object as keyof typeof openTeams];
  if (team_id === undefined) return undefined;
  const user_id = object === 'guest' ? randomUUID() : (caller.userId ?? 'nobody');
  return { team_id, member: { role: 'user', user_id }, ...(object === 'raise' && { max_budget_in_team: 5 }) };
}

/** A budget, where one is to be linked to. */
async function linkOf({ seeds, object }: Situation): Promise<object> {
  return object === 'linked' ? { budget_id: await seeds.budget() } : {};
}

const generate: Build = async (situation) => ({
  body: {
    linked: await linkOf(situation),
    own: {},
    team: { team_id: RED },
    mate: { team_id: RED, user_id: 'u-mate' },
    org: { organization_id: 'acme' },
    foreign: { team_id: BLUE },
    raise: { spend: 0 },
  }[situation.object] as object,
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
const anyPath: Build = async () => ({ path: 'any' });
/** What is not built answers whatever it is asked. */
const absent = Object.values(absentRoutes).map(({ url }) => url);

const ofUser: Build = async (situation) =>
  situation.object === '-' ? {} : { query: { user_id: userOf(situation) } };

/** Of a team that has some models: of one that has all of them nothing can be taken away. */
const teamModels: Build = async ({ seeds, object }) => ({
  body: { team_id: await seeds.team(object !== 'foreign', undefined, ['m1', 'm2']), models: ['m2', 'm3'] },
});

/** Whose a model is: everybody's, or a team's. */
const modelInfo = (object: string): object => (object === 'team' ? { team_id: RED } : {});
const modelOf = ({ seeds, object }: Situation): Promise<string> => seeds.model(modelInfo(object));

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
  ...Object.fromEntries(absent.map((url) => [`GET ${url}`, anyPath])),
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
  'GET /key/aliases': nothing,
  'POST /v2/key/info': async (situation) => ({ body: { keys: [await keyOf(situation)] } }),
  'POST /key/bulk_update': async (situation) => ({ body: { keys: [{ key: await keyOf(situation) }] } }),
  'POST /key/:key/reset_spend': async (situation) => ({
    path: await keyOf(situation),
    body: { reset_to: 0 },
  }),
  'POST /key/health': nothing,
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
  'GET /team/list': ofUser,
  'GET /v2/team/list': ofUser,
  'POST /team/bulk_member_add': teamBody(() => ({ members: [{ role: 'user', user_id: randomUUID() }] })),
  'POST /team/model/add': teamModels,
  'POST /team/model/delete': teamModels,
  'GET /team/permissions_list': async ({ object }) => ({
    query: { team_id: object === 'foreign' ? BLUE : RED },
  }),
  'POST /team/permissions_update': teamBody(() => ({ team_member_permissions: ['/key/info'] })),
  'GET /team/available': nothing,
  'POST /team/member_add': async (situation) => ({
    body: openTo(situation) ?? {
      team_id: await situation.seeds.team(situation.object !== 'foreign'),
      member: { role: 'user', user_id: await personOf(situation) },
    },
  }),
  'POST /team/member_update': teamBody(({ object }) =>
    object === 'raise'
      ? { user_id: 'u-lead', allowed_models: ['all-team-models'] }
      : { user_id: object === 'foreign' ? 'u-hired' : 'u-mate', role: 'user' },
  ),
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
  'POST /organization/member_add': async (situation) => ({
    body: {
      organization_id: organizationOf(situation.object),
      member: { role: 'internal_user', user_id: await personOf(situation) },
    },
  }),
  'PATCH /organization/member_update': async ({ seeds, object }) => ({
    body: { ...(await seeds.member(organizationOf(object))), role: 'org_admin' },
  }),
  'DELETE /organization/member_delete': async ({ seeds, object }) => ({
    body: await seeds.member(organizationOf(object)),
  }),
  'POST /user/new': async ({ seeds, object }) => ({
    body: {
      ...(object === 'ghost' && { user_id: await seeds.ghost() }),
      ...(object === '-' ? {} : { organizations: [organizationOf(object)] }),
      ...(object === 'raise' && { user_role: 'proxy_admin' }),
    },
  }),
  'GET /user/info': ofUser,
  'GET /v2/user/info': ofUser,
  'POST /user/bulk_update': async ({ seeds }) => ({
    body: { users: [{ user_id: await seeds.user(randomUUID(), 'internal_user') }] },
  }),
  'GET /user/available_roles': nothing,
  'GET /user/available_users': nothing,
  'POST /invitation/new': async () => ({ body: { user_id: 'u-mate' } }),
  'GET /invitation/info': async ({ seeds }) => ({
    query: { invitation_id: await seeds.invitation('u-mate') },
  }),
  'POST /invitation/update': async ({ seeds }) => ({
    body: { invitation_id: await seeds.invitation('u-mate'), is_accepted: true },
  }),
  'POST /invitation/delete': async ({ seeds }) => ({
    body: { invitation_id: await seeds.invitation('u-mate') },
  }),
  'GET /onboarding/get_token': async ({ seeds }) => ({
    query: { invite_link: await seeds.invitation('u-mate') },
  }),
  'POST /onboarding/claim_token': async ({ seeds }) => ({
    body: {
      invitation_link: await seeds.invitation('u-mate'),
      user_id: 'u-mate',
      password: 'correct horse',
    },
  }),
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
  'GET /user/get_users': organizationQuery,
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
  'GET /budget/settings': async ({ seeds }) => ({ query: { budget_id: await seeds.budget() } }),
  'POST /model/new': async ({ object }) => ({
    body: {
      model_name: 'm',
      litellm_params: { model: 'openai/gpt-4o', api_key: 'x' },
      model_info: modelInfo(object),
    },
  }),
  'POST /model/update': async (situation) => ({ body: { model_info: { id: await modelOf(situation) } } }),
  'PATCH /model/:model_id/update': async (situation) => ({ path: await modelOf(situation), body: {} }),
  'POST /model/delete': async (situation) => ({ body: { id: await modelOf(situation) } }),
  'GET /model/info': nothing,
  'GET /v1/model/info': nothing,
  'GET /v2/model/info': nothing,
  'GET /model_group/info': nothing,
  'POST /credentials': async () => ({
    body: { credential_name: randomUUID(), credential_values: { api_key: 'x' } },
  }),
  'GET /credentials': nothing,
  'GET /credentials/by_name/:name': async ({ seeds }) => ({ path: await seeds.credential() }),
  'PATCH /credentials/:name': async ({ seeds }) => ({ path: await seeds.credential(), body: {} }),
  'DELETE /credentials/:name': async ({ seeds }) => ({ path: await seeds.credential() }),
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
  'GET /health/readiness/details': nothing,
  'GET /health': nothing,
  'POST /health/test_connection': async () => ({ body: { litellm_params: { model: 'openai/gpt-4o' } } }),
  'GET /config/list': nothing,
  'GET /config/field/info': nothing,
  'POST /config/update': async () => ({ body: {} }),
  'POST /config/field/update': async () => ({ body: {} }),
  'POST /config/field/delete': async () => ({ body: {} }),
  'GET /alerting/settings': nothing,
  'GET /router/settings': nothing,
  'GET /router/fields': nothing,
  'GET /get/config/callbacks': nothing,
  'GET /callbacks/list': nothing,
  'GET /active/callbacks': nothing,
  'GET /settings': nothing,
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
