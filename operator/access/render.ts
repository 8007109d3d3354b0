import { join } from 'node:path';
import type { MachineFacts } from '../../appliance/index.ts';
import { loopback } from '../egress-rules.ts';
import { type AccessState, type ListName, listNames, type NetworkList } from './state.ts';

/** Jails of the edge, by what the gateway marks. */
export const edgeJails = { 'unknown-key': 'litellm-keys', 'sign-in': 'litellm-sign-in' } as const;

/** The one file through which `litellm-ctl access` speaks to nginx: what is one file changes at once. */
export function accessInclude({ paths }: MachineFacts): string {
  return join(paths.edgeIncludes, 'access.conf');
}

/** User and hash of the password that the edge asks for. */
export function basicAuthFile({ paths }: MachineFacts): string {
  return join(paths.edgeIncludes, 'basic-auth.users');
}

/** Authorities whose client certificates the edge takes. */
export function clientAuthorities({ paths }: MachineFacts): string {
  return join(paths.edgeIncludes, 'client-authorities.pem');
}

/** A variable that has the same value for every request. */
function constant(name: string, value: string): string {
  return `map "" $${name} {\n    default ${value};\n}\n`;
}

/** This machine's own addresses, which every list lets in. */
const OWN_NETWORKS = Object.values(loopback);

/** nginx takes the narrowest network that holds the address. */
function refusals(name: ListName, { others, allowed, denied }: NetworkList): string {
  const networks = [
    ...[...OWN_NETWORKS, ...allowed].map((each) => `    ${each} 0;\n`),
    ...denied.map((each) => `    ${each} 1;\n`),
  ];
  const rest = others === 'allowed' ? 0 : 1;
  return `geo $litellm_refused_${name} {\n    default ${rest};\n${networks.join('')}}\n`;
}

/** Whoever is believed to speak for others must not speak for this machine: a proxy passes on what its client has claimed. */
function claimed(): string {
  const own = OWN_NETWORKS.map((each) => `    ${each} 1;\n`).join('');
  return `geo $remote_addr $litellm_own_client {
    default 0;
${own}}
geo $realip_remote_addr $litellm_own_peer {
    default 0;
${own}}
map "$litellm_own_client $litellm_own_peer" $litellm_claims_machine {
    default 0;
    "1 0" 1;
}

`;
}

function proxies(networks: readonly string[]): string {
  if (networks.length === 0) return `${constant('litellm_claims_machine', '0')}\n`;
  const trusted = networks.map((each) => `set_real_ip_from ${each};\n`).join('');
  return `# Proxies that are believed: whom they call for is the client, for lists, limits, bans and logs.
${trusted}real_ip_header X-Forwarded-For;
real_ip_recursive on;

${claimed()}`;
}

function certificates(asked: boolean, authorities: string): string {
  if (!asked) return constant('litellm_lacks_certificate', '0');
  return `ssl_client_certificate ${authorities};
# Optional in the handshake, so that a load balancer's health check, which has none, is still answered.
ssl_verify_client optional;
ssl_verify_depth 3;
map $ssl_client_verify $litellm_lacks_certificate {
    default 1;
    SUCCESS 0;
}
`;
}

function basicAuth(user: string | null): string {
  const [realm, authorization] = user === null ? ['off', '$http_authorization'] : ['gateway', '""'];
  return constant('litellm_realm', realm) + constant('litellm_authorization', authorization);
}

/** access.conf for a state. */
export function renderAccess(state: AccessState, facts: MachineFacts): string {
  const { lists, limits } = state;
  const { connections, requestsPerSecond } = limits;
  return `# Written by \`litellm-ctl access\` from ${facts.paths.access}; what is changed here is lost.

${proxies(state.proxies)}${listNames.map((name) => refusals(name, lists[name])).join('')}
# Each customer, an IPv4 address or an IPv6 /64, by itself. A second's worth may come at once: a well-behaved client is not stopped by its own punctuality.
limit_conn_zone $litellm_customer zone=litellm_connections:10m;
limit_conn litellm_connections ${connections};
limit_conn_status 429;
limit_req_zone $litellm_customer zone=litellm_requests:10m rate=${requestsPerSecond}r/s;
limit_req zone=litellm_requests burst=${requestsPerSecond} nodelay;
limit_req_status 429;

${certificates(state.clientCertificates, clientAuthorities(facts))}${basicAuth(state.basicAuthUser)}`;
}

/** fail2ban's file with the addresses that the jails of the edge never ban: banning a proxy bans all its clients. */
export function renderBanExemptions({ proxies }: AccessState): string {
  const exempt = ['127.0.0.0/8', '::1', ...proxies].join(' ');
  const jails = Object.values(edgeJails).map((name) => `\n[${name}]\nignoreip = ${exempt}\n`);
  return `# Written by \`litellm-ctl access proxies\`; what is changed here is lost.\n${jails.join('')}`;
}
