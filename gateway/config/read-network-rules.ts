import { limits } from '../http/limits.ts';
import { MACHINE_ITSELF, Networks, readNetwork } from '../http/networks.ts';
import type { Findings, Reader } from './findings.ts';
import type { Network, NetworkRules } from './network-rules.ts';

const MIB = 1024 * 1024;
/** About one byte. */
const LEAST_MB = 0.000_001;
const MOST_MB = limits.bodyBytes / MIB;

/** The networks that a setting lists. */
function networksOf(texts: readonly string[], key: string, findings: Findings): readonly Network[] {
  return texts.flatMap((text) => {
    const network = readNetwork(text);
    if (network !== null) return network;
    const remedy = 'write 198.51.100.7, 2001:db8::7 or a network such as 10.0.0.0/8';
    findings.fault(`general_settings.${key}`, `'${text}' is no address and no network; ${remedy}`);
    return [];
  });
}

function readAllowed(general: Reader, findings: Findings): readonly Network[] | null {
  const texts = general.texts('allowed_ips');
  if (texts?.length === 0) {
    findings.fault(
      'general_settings.allowed_ips',
      'names nobody, so that nobody could call; remove it where everybody may',
    );
  }
  return texts === undefined ? null : networksOf(texts, 'allowed_ips', findings);
}

/**
 * Which proxies are believed is the edge's to say: its lists, limits and bans go by the client, too, and it hands on none but the
 * client that it has found. A gateway that looked further would know callers by other addresses than the edge.
 */
function checkTrustedProxies(general: Reader, findings: Findings): void {
  const machine = new Networks(MACHINE_ITSELF);
  const texts = general.texts('trusted_proxy_ranges') ?? [];
  for (const { address, prefix, family } of networksOf(texts, 'trusted_proxy_ranges', findings)) {
    if (machine.include(address) && prefix >= (family === 'ipv4' ? 8 : 128)) continue;
    const range = `${address}/${prefix}`;
    findings.fault(
      'general_settings.trusted_proxy_ranges',
      `'${range}' is for the edge to trust: run \`litellm-ctl access proxies trust ${range}\` and remove it here`,
    );
  }
}

function readBytes(general: Reader, key: string, findings: Findings): number | null {
  const mb = general.number(key, LEAST_MB);
  if (mb === undefined) return null;
  if (mb > MOST_MB) findings.warn(`general_settings.${key}`, `more than ${MOST_MB} MB are not taken anyway`);
  return Math.max(1, Math.floor(Math.min(mb, MOST_MB) * MIB));
}

/** Reads from where callers may come, and how much may be sent. What would protect nothing is a fault. */
export function readNetworkRules(general: Reader, findings: Findings): NetworkRules {
  checkTrustedProxies(general, findings);
  return {
    allowed: readAllowed(general, findings),
    maxRequestBytes: readBytes(general, 'max_request_size_mb', findings),
    maxAnswerBytes: readBytes(general, 'max_response_size_mb', findings),
  };
}
