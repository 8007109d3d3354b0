import { findProvider, servedProviders } from '../providers/catalogue.ts';
import { isMap, type Settings } from './findings.ts';
import { referencedVariable } from './references.ts';

/** What programs of this machine, the runtime and its libraries read. */
const OF_THE_MACHINE = new RegExp(
  `^(?:${[
    '(?:LITELLM|DATABASE|PG|NODE|UV|UI|WEBHOOK|REDIS|PROXY|DISABLE|STORE|SSL|OPENSSL|LD|LC|XDG|MAX|DEFAULT)_.*',
    '(?:DATABASE|PG|NODE).*',
    'DIRECT_URL|IAM_TOKEN_DB_AUTH|RUNTIME_ROLE|CONFIG_FILE_PATH|HOST|PORT|NUM_WORKERS|SERVER_ROOT_PATH',
    '(?:HTTPS?|ALL|NO)_PROXY|PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|TZ|TMPDIR|TERM|PWD|IFS|BASH_ENV|ENV',
    'NOTIFY_SOCKET|LISTEN_.*|CREDENTIALS_DIRECTORY|(?:RUNTIME|STATE|CACHE|LOGS|CONFIGURATION)_DIRECTORY|JOURNAL_STREAM',
  ].join('|')})$`,
  'i',
);

const NAME = /^[A-Za-z0-9]\w{0,127}$/;

/** Variables that say where calls of a provider go. */
const addresses: ReadonlySet<string> = new Set(
  servedProviders().flatMap((name) => findProvider(name)?.api_base_env ?? []),
);

/** Whether a place of the file is a provider's key: `model_list.N.litellm_params.api_key`, and the same of a credential. */
function isProviderKey([list = '', , params = '', key, ...deeper]: readonly string[]): boolean {
  const place = `${list}.${params}`;
  return (
    key === 'api_key' &&
    deeper.length === 0 &&
    ['model_list.litellm_params', 'credential_list.credential_values'].includes(place)
  );
}

/** Each variable that the file refers to for something else than a provider's key, and where. */
export function otherReferences(file: Settings): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const walk = (value: unknown, path: readonly string[]): void => {
    const variable = referencedVariable(value);
    if (variable !== undefined && !isProviderKey(path)) found.set(variable, path.join('.'));
    if (!Array.isArray(value) && !isMap(value)) return;
    for (const [key, member] of Object.entries(value)) walk(member, [...path, key]);
  };
  walk(file, []);
  return found;
}

/**
 * Why the API may not store a variable; null where it may. A variable of the database is the key of a provider and nothing else: one
 * that said where calls go would have the machine's keys sent there, and one that the file takes a setting from would be that setting.
 */
export function variableRefusal(name: string, references: ReadonlyMap<string, string>): string | null {
  if (!NAME.test(name)) return 'is no name of a variable: it is letters, digits and _';
  if (OF_THE_MACHINE.test(name)) return 'is a variable of this machine, which is set on the machine alone';
  if (addresses.has(name)) {
    return 'says where calls go, and the keys of this machine with them: it is set on the machine alone';
  }
  const place = references.get(name);
  if (place === undefined) return null;
  return `is what config.yaml takes ${place} from, which is set on the machine alone`;
}
