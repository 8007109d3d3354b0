import type { DatabaseState } from '../store/database-state.ts';
import type { Fact, ProviderLine, Step } from './pages.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const PLAIN_HOST = /^[A-Za-z0-9.:[\]-]+$/;

export interface ModelState {
  readonly name: string;
  readonly provider: string;
  /** Environment variable that the model waits for; null when it is active. */
  readonly missing: string | null;
}

/** What the gateway knows of itself. */
export interface GatewayState {
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** File that holds the providers' API keys, for the hint how to add one. */
  readonly providersEnvPath: string;
  /** Every deployment of the configuration. */
  readonly models: readonly ModelState[];
}

/** A span for people: its two largest units. */
export function spanText(spanMs: number): string {
  if (spanMs < MINUTE) return 'less than a minute';
  const parts = [
    [Math.floor(spanMs / DAY), 'd'],
    [Math.floor((spanMs % DAY) / HOUR), 'h'],
    [Math.floor((spanMs % HOUR) / MINUTE), 'min'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** The lines of the first card. */
export function stateFacts(gateway: GatewayState, database: DatabaseState, now: number): readonly Fact[] {
  const active = gateway.models.filter(({ missing }) => missing === null).length;
  return [
    { name: 'Version', value: gateway.version },
    { name: 'Running for', value: spanText(now - gateway.startedAt) },
    { name: 'Database', value: `PostgreSQL ${database.serverVersion}` },
    { name: 'Schema', value: String(database.schema) },
    { name: 'Models', value: `${active} active, ${gateway.models.length - active} inactive` },
    { name: 'Virtual keys', value: String(database.virtualKeys) },
  ];
}

/** The second card: one line per provider and state, what can be called first. */
export function providerLines(models: readonly ModelState[]): readonly ProviderLine[] {
  const groups = Map.groupBy(models, ({ provider, missing }) => JSON.stringify([provider, missing]));
  const lines = [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const names = [...new Set(group.map(({ name }) => name))];
    const count = names.length === 1 ? '1 model' : `${names.length} models`;
    return [{ provider: first.provider, missing: first.missing, names, count }];
  });
  return lines.sort((one, other) => Number(one.missing !== null) - Number(other.missing !== null));
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** What to do next, with commands to copy. `origin` is where the browser reached us. */
export function nextSteps(
  gateway: GatewayState,
  database: DatabaseState,
  origin: { protocol: string; host: string },
): readonly Step[] {
  const host = PLAIN_HOST.test(origin.host) ? origin.host : 'localhost';
  const active = gateway.models.find(({ missing }) => missing === null);
  const body = JSON.stringify({ key_alias: 'my-app', models: active ? [active.name] : [], duration: '90d' });
  return [
    {
      title: 'Add a provider key',
      text: 'Write one NAME=value a line; the restart applies it. Running streams are allowed to end.',
      commands: `sudoedit ${gateway.providersEnvPath}\nsudo systemctl restart litellm`,
      done: active !== undefined,
    },
    {
      title: 'Get a certificate',
      text: 'Point a DNS name at this machine first; certbot renews the certificate by itself.',
      commands: 'sudo certbot --nginx -d gateway.example.com',
      done: false,
    },
    {
      title: 'Make a virtual key',
      text: 'Asks for the master key (it is in the credentials file) and gives a key for one application. It is shown only once.',
      commands: [
        // Through standard input: a command line shows in the process list.
        'read -rsp "Master key: " MASTER_KEY; echo',
        `printf 'header = "Authorization: Bearer %s"' "$MASTER_KEY" | curl --config - \\`,
        `  ${quoted(`${origin.protocol}://${host}/key/generate`)} -H 'Content-Type: application/json' \\`,
        `  -d ${quoted(body)}`,
      ].join('\n'),
      done: database.virtualKeys > 0,
    },
  ];
}
