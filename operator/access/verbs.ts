import { flag, parsed, UsageError } from '../arguments.ts';
import { applyEgress } from '../egress.ts';
import { exitCodes, type Operator } from '../operator.ts';
import { applyAccess, type Change } from './apply.ts';
import { showBans, unban } from './bans.ts';
import { passwordFile, userName } from './basic-auth.ts';
import { allow, callersOf, close, deny, distrust, networksOf, open, trust } from './change.ts';
import { authoritiesFile } from './client-certificates.ts';
import { basicAuthFile, clientAuthorities } from './render.ts';
import { accessJson, describeAccess, showAccess, warnOfOwnExclusion } from './show.ts';
import {
  type AccessState,
  defaultLimits,
  type Limits,
  type ListName,
  largestLimits,
  listNames,
  type NetworkList,
} from './state.ts';

/** What `litellm-ctl access` does, once its arguments are understood. */
export type AccessAction = (operator: Operator) => Promise<number>;
type VerbAction = (operator: Operator, json: boolean) => Promise<number>;
type Verb = (args: readonly string[]) => VerbAction;

const DEFAULT_USER = 'litellm';
const REMOVED = { text: undefined, access: { mode: 0o644 } };

/** Applies a change and shows what holds now. */
function changing(change: (state: AccessState, operator: Operator) => Change | Promise<Change>): VerbAction {
  return async (operator, json) => {
    const state = await applyAccess(operator, (before) => change(before, operator));
    operator.write(json ? accessJson(state, true) : describeAccess(state));
    warnOfOwnExclusion(operator, state);
    return exitCodes.ok;
  };
}

function words(args: readonly string[]): string[] {
  return parsed({ args: [...args], options: {}, allowPositionals: true }).positionals;
}

function noMore(rest: readonly string[]): void {
  if (rest.length > 0) throw new UsageError(`'${rest[0]}' is a word too many`);
}

function listName(text: string | undefined): ListName {
  const found = listNames.find((name) => name === text);
  if (found === undefined) throw new UsageError(`name the list: ${listNames.join(' or ')}`);
  return found;
}

/** A verb that changes one list by networks. */
function withNetworks(change: (list: NetworkList, networks: readonly string[]) => NetworkList): Verb {
  return (args) => {
    const [first, ...rest] = words(args);
    const name = listName(first);
    const networks = callersOf(rest);
    return changing((state) => ({
      state: { ...state, lists: { ...state.lists, [name]: change(state.lists[name], networks) } },
    }));
  };
}

/** A verb that changes one list as a whole. */
function asAWhole(change: (list: NetworkList) => NetworkList): Verb {
  return (args) => {
    const [first, ...rest] = words(args);
    const name = listName(first);
    noMore(rest);
    return changing((state) => ({
      state: { ...state, lists: { ...state.lists, [name]: change(state.lists[name]) } },
    }));
  };
}

function bounded(option: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most)
    throw new UsageError(`${option} wants a number from 1 to ${most}, not '${text}'`);
  return value;
}

const limits: Verb = (args) => {
  const text = { type: 'string' } as const;
  const options = { connections: text, requests: text, default: flag };
  const { values } = parsed({ args: [...args], options });
  const connections = bounded('--connections', values.connections, largestLimits.connections);
  const requests = bounded('--requests', values.requests, largestLimits.requestsPerSecond);
  if (connections === undefined && requests === undefined && !values.default) {
    throw new UsageError("write 'litellm-ctl access limits' with --connections, --requests or --default");
  }
  const from = (before: Limits): Limits => {
    const base = values.default ? defaultLimits : before;
    return {
      connections: connections ?? base.connections,
      requestsPerSecond: requests ?? base.requestsPerSecond,
    };
  };
  return changing((state) => ({ state: { ...state, limits: from(state.limits) } }));
};

const proxies: Verb = (args) => {
  const [verb, ...rest] = words(args);
  const changes = { trust, distrust };
  if (verb !== 'trust' && verb !== 'distrust') {
    throw new UsageError("write 'litellm-ctl access proxies trust' or 'distrust', and networks");
  }
  const networks = networksOf(rest);
  const change = changes[verb];
  return changing((state) => ({ state: { ...state, proxies: change(state.proxies, networks) } }));
};

const clientCertificates: Verb = (args) => {
  const [verb, file, ...rest] = words(args);
  if (verb === 'on' && file !== undefined) {
    noMore(rest);
    return changing((state, operator) => ({
      state: { ...state, clientCertificates: true },
      files: [authoritiesFile(operator, file)],
    }));
  }
  if (verb !== 'off')
    throw new UsageError("write 'litellm-ctl access client-certificates on CAFILE' or 'off'");
  noMore(words(args).slice(1));
  return changing((state, { machine }) => ({
    state: { ...state, clientCertificates: false },
    files: [{ path: clientAuthorities(machine.facts), ...REMOVED }],
  }));
};

const basicAuth: Verb = (args) => {
  const options = { user: { type: 'string' } } as const;
  const { values, positionals } = parsed({ args: [...args], options, allowPositionals: true });
  const [verb, ...rest] = positionals;
  noMore(rest);
  if (verb === 'on') {
    const user = userName(values.user ?? DEFAULT_USER);
    return async (operator, json) => {
      const file = await passwordFile(operator, user);
      return changing((state) => ({ state: { ...state, basicAuthUser: user }, files: [file] }))(
        operator,
        json,
      );
    };
  }
  if (verb !== 'off' || values.user !== undefined) {
    throw new UsageError("write 'litellm-ctl access basic-auth on', perhaps with --user NAME, or 'off'");
  }
  return changing((state, { machine }) => ({
    state: { ...state, basicAuthUser: null },
    files: [{ path: basicAuthFile(machine.facts), ...REMOVED }],
  }));
};

const bans: Verb = (args) => {
  noMore(words(args));
  return showBans;
};

const liftBan: Verb = (args) => {
  const [address, ...rest] = words(args);
  if (address === undefined) throw new UsageError('name the address that may call again');
  noMore(rest);
  return (operator, json) => unban(operator, address, json);
};

const egress: Verb = (args) => {
  noMore(words(args));
  return (operator, json) => applyEgress(operator, json);
};

const apply: Verb = (args) => {
  noMore(words(args));
  return changing((state) => ({ state }));
};

const show: Verb = (args) => {
  noMore(words(args));
  return async (operator, json) => showAccess(operator, json);
};

/** The words that may follow `litellm-ctl access`. */
export const accessVerbs = {
  allow: withNetworks(allow),
  deny: withNetworks(deny),
  open: asAWhole(open),
  close: asAWhole(close),
  limits,
  proxies,
  'client-certificates': clientCertificates,
  'basic-auth': basicAuth,
  bans,
  unban: liftBan,
  egress,
  apply,
} as const satisfies Readonly<Record<string, Verb>>;

/** Understands what follows `litellm-ctl access`; nothing at all shows how things are. Throws UsageError. */
export function accessCommand(args: readonly string[]): AccessAction {
  const json = args.includes('--json');
  const action = actionFor(args.filter((arg) => arg !== '--json'));
  return (operator) => action(operator, json);
}

function actionFor(args: readonly string[]): VerbAction {
  const [name, ...rest] = args;
  if (name === undefined || name.startsWith('-')) return show(args);
  if (!Object.hasOwn(accessVerbs, name)) {
    throw new UsageError(
      `'${name}' is not a word of access; choose from ${Object.keys(accessVerbs).join(', ')}`,
    );
  }
  return accessVerbs[name as keyof typeof accessVerbs](rest);
}
