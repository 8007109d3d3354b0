import { readSecret, secretBytes } from '../observe/alerts/signature.ts';
import { checkKeys, type KeyCheck } from './check-keys.ts';
import type { AlertingConfig, Environment, Places } from './config.ts';
import { type Findings, Reader } from './findings.ts';
import { alertingArgs } from './known-keys.ts';
import { nearest } from './nearest.ts';

const SECOND = 1000;
const DEFAULT_TTL_SECONDS = 86_400;
const MOST_TTL_SECONDS = 366 * 86_400;

const PATH = 'general_settings.alerting';
const ARGS = 'general_settings.alerting_args';
const URL_NAME = 'WEBHOOK_URL';
const SECRET_NAME = 'WEBHOOK_SECRET';

/** Where LiteLLM sends alerts to; here they go to the webhook alone. */
const kinds = ['webhook', 'slack', 'ms_teams', 'email', 'pagerduty'];

function readKinds(general: Reader, findings: Findings): readonly string[] {
  const named = general.texts('alerting') ?? [];
  for (const kind of named) {
    if (kind === 'webhook') continue;
    if (kinds.includes(kind)) {
      findings.warn(PATH, `'${kind}' is not served yet: alerts are sent to 'webhook' alone`);
      continue;
    }
    const meant = nearest(kind, kinds);
    const remedy = meant === undefined ? `write some of ${kinds.join(', ')}` : `did you mean '${meant}'?`;
    findings.fault(PATH, `nobody knows '${kind}'; ${remedy}`);
  }
  return named;
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** What is wrong with an address; it is not quoted, since it may hold a secret. */
function complaintAbout(url: string): string | null {
  if (url === '') return `is not set, and ${PATH} names 'webhook'`;
  if (!URL.canParse(url)) return 'is no URL';
  const parsed = new URL(url);
  if (parsed.username !== '' || parsed.password !== '') return 'must not hold a user or a password';
  if (parsed.protocol === 'https:' || (parsed.protocol === 'http:' && isLoopback(parsed))) return null;
  return 'must begin with https://, or with http:// for this machine itself';
}

/** Reads where it is told that budgets are spent, and how often; null where it is not told. */
export function readAlerting(
  { general, environment, places }: { general: Reader; environment: Environment; places: Places },
  check: KeyCheck,
): AlertingConfig | null {
  const { findings } = check;
  const args = general.map('alerting_args') ?? {};
  checkKeys(args, ARGS, alertingArgs, check);
  const seconds = new Reader(args, ARGS, findings).number('budget_alert_ttl', 1, MOST_TTL_SECONDS);
  if (!readKinds(general, findings).includes('webhook')) return null;
  const where = `set it in ${places.providersEnv}`;
  const [url, secret] = [environment[URL_NAME] ?? '', environment[SECRET_NAME] ?? ''];
  const complaint = complaintAbout(url);
  if (complaint !== null) findings.fault(URL_NAME, `${complaint}; ${where}`);
  if (secret === '') {
    findings.fault(
      SECRET_NAME,
      `is not set, and alerts are signed with it; make one with 'openssl rand', and ${where}`,
    );
  } else if (readSecret(secret) === null) {
    findings.fault(
      SECRET_NAME,
      `must be 'whsec_' and ${secretBytes.least} to ${secretBytes.most} bytes in base64; make it with: echo "whsec_$(openssl rand -base64 32)"`,
    );
  }
  return { url, secret, repeatMs: (seconds ?? DEFAULT_TTL_SECONDS) * SECOND };
}
