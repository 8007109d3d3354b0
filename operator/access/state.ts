import { Ajv } from 'ajv';
import { type FileSystem, type MachineFacts, readTextIfAny, record } from '../../appliance/index.ts';
import { OperatorError } from '../operator.ts';
import { network, prefixAround } from './networks.ts';

/** Who may call a part of the gateway. Where networks overlap the narrower one decides; loopback may always. */
export interface NetworkList {
  /** What holds for an address on neither list. */
  readonly others: 'allowed' | 'refused';
  readonly allowed: readonly string[];
  readonly denied: readonly string[];
}

export const listNames = ['admin', 'inference'] as const;
export type ListName = (typeof listNames)[number];

export interface Limits {
  /** At the same time, for each address; a stream of HTTP/2 counts as one. */
  readonly connections: number;
  /** For each address. */
  readonly requestsPerSecond: number;
}

/** All that `litellm-ctl access` decides: the one source of what nginx and fail2ban are told. */
export interface AccessState {
  readonly format: 1;
  readonly lists: Readonly<Record<ListName, NetworkList>>;
  readonly limits: Limits;
  /** Proxies that are believed when they say for whom they call. */
  readonly proxies: readonly string[];
  readonly clientCertificates: boolean;
  /** The user that the edge asks for, with a password; null: it asks for none. */
  readonly basicAuthUser: string | null;
}

export const everyone: NetworkList = { others: 'allowed', allowed: [], denied: [] };
export const defaultLimits: Limits = { connections: 1000, requestsPerSecond: 500 };

/** Most that nginx can count. */
export const largestLimits: Limits = { connections: 65_535, requestsPerSecond: 1_000_000 };

/** What nginx's password file can hold, and no quoting is needed for. */
export const USER_NAME = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$';

/** A machine whose operator has decided nothing yet. */
export const openAccess: AccessState = {
  format: 1,
  lists: { admin: everyone, inference: everyone },
  limits: defaultLimits,
  proxies: [],
  clientCertificates: false,
  basicAuthUser: null,
};

const networks = { type: 'array', items: { type: 'string' }, uniqueItems: true };
const list = record({ others: { enum: ['allowed', 'refused'] }, allowed: networks, denied: networks });
const count = (maximum: number) => ({ type: 'integer', minimum: 1, maximum });
const schema = record({
  format: { const: 1 },
  lists: record({ admin: list, inference: list }),
  limits: record({
    connections: count(largestLimits.connections),
    requestsPerSecond: count(largestLimits.requestsPerSecond),
  }),
  proxies: networks,
  clientCertificates: { type: 'boolean' },
  basicAuthUser: { type: ['string', 'null'], pattern: USER_NAME },
});

function networksIn({ lists, proxies }: AccessState): readonly string[] {
  return [...Object.values(lists).flatMap(({ allowed, denied }) => [...allowed, ...denied]), ...proxies];
}

function checked(value: unknown): AccessState {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, validateSchema: false });
  const isState = ajv.compile<AccessState>(schema);
  if (!isState(value)) throw new Error(ajv.errorsText(isState.errors, { dataVar: 'access' }));
  const odd = networksIn(value).find((text) => network(text) !== text);
  if (odd !== undefined) throw new Error(`'${odd}' has to be written ${network(odd)}`);
  return value;
}

/** What the operator has decided so far. Throws OperatorError where the file cannot be understood. */
export function readAccess(fs: FileSystem, { paths }: MachineFacts): AccessState {
  const text = readTextIfAny(fs, paths.access);
  if (text === undefined) return openAccess;
  try {
    return checked(JSON.parse(text));
  } catch (cause) {
    throw new OperatorError(
      `${paths.access}: ${(cause as Error).message}`,
      `correct it, or delete it to let everyone in again, then: litellm-ctl access apply`,
      { cause },
    );
  }
}

/** The file's text for a state. */
export function accessText(state: AccessState): string {
  return `${JSON.stringify(state, null, 2)}\n`;
}

/** Whether an address is let in by a list, as nginx decides it. */
export function admits({ others, allowed, denied }: NetworkList, address: string): boolean {
  const closest = (networks: readonly string[]): number =>
    Math.max(-1, ...networks.map((each) => prefixAround(address, each) ?? -1));
  const [allow, deny] = [closest(allowed), closest(denied)];
  return allow === deny ? others === 'allowed' : allow > deny;
}
