import type { RedisConfig } from './config.ts';
import type { Findings, Reader, Settings } from './findings.ts';
import { referencedVariable } from './references.ts';

const DEFAULT_PORT = 6379;
const HIGHEST_PORT = 65_535;

function isRedisUrl(text: string): boolean {
  return URL.canParse(text) && ['redis:', 'rediss:'].includes(new URL(text).protocol);
}

/**
 * The server that counters of limits are shared by; null when none is named. `written` is the map before its references are
 * resolved: one that leads nowhere is a fault, since each machine would count for itself unnoticed.
 */
export function readRedis(router: Reader, written: Settings, findings: Findings): RedisConfig | null {
  for (const name of ['redis_url', 'redis_host', 'redis_port', 'redis_password']) {
    const variable = referencedVariable(written[name]);
    if (variable !== undefined && router.text(name) === undefined) {
      findings.fault(`router_settings.${name}`, `names ${variable}, which is not set`);
    }
  }
  const [url, host] = [router.text('redis_url'), router.text('redis_host')];
  const password = router.text('redis_password') ?? null;
  const database = router.number('redis_db', 0) ?? null;
  const port = router.number('redis_port', 1, HIGHEST_PORT) ?? DEFAULT_PORT;
  if (url !== undefined) {
    // Not quoted: it may hold a password.
    if (!isRedisUrl(url))
      findings.fault('router_settings.redis_url', 'must begin with redis:// or rediss://');
    return { url, password, database };
  }
  if (host === undefined) return null;
  return { url: `redis://${host.includes(':') ? `[${host}]` : host}:${port}`, password, database };
}
