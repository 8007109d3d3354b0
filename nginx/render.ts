import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import type { MachineFacts } from '../appliance/index.ts';
import { limits, routes } from '../gateway/index.ts';
import { edgeErrors, envelope } from './errors.ts';
import { prefixes } from './prefixes.ts';
import { splash, states } from './splash.ts';

const SECOND = 1000;
const PUBLIC = 0o644;

export interface RenderedFile {
  /** Absolute path on the machine. */
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

/** Where a certificate authority's challenge files may be put by hand or by `certbot --webroot`. */
export const ACME_ROOT = '/var/www/litellm-acme';

const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const ciphers = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305']
  .flatMap((cipher) => [`ECDHE-ECDSA-${cipher}`, `ECDHE-RSA-${cipher}`])
  .join(':');

/** `http2 on;` came with 1.25.1; before, it was a word of `listen`. No base ships 1.25.0. */
function hasHttp2Directive(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 1 || (major === 1 && minor >= 25);
}

function valuesFor(facts: MachineFacts) {
  const { https } = facts.ports;
  const errors = edgeErrors(limits.bodyBytes);
  return {
    paths: facts.paths,
    ports: facts.ports,
    tls: { certificate: `${facts.paths.tls}/cert.pem`, key: `${facts.paths.tls}/key.pem` },
    acmeRoot: ACME_ROOT,
    httpsSuffix: https === 443 ? '' : `:${https}`,
    http2Directive: hasHttp2Directive(facts.nginx),
    contentPolicy,
    ciphers,
    errors,
    errorStatuses: errors.map(({ status }) => status).join(' '),
    states: states.map(({ name, message }) => ({
      name,
      body: envelope(503, 'service_unavailable', message),
    })),
    splash,
    prefixes: prefixes(routes),
    bodyBytes: limits.bodyBytes,
    readSeconds: limits.readMs / SECOND,
    sendSeconds: limits.requestMs / SECOND,
    upstreamIdleSeconds: limits.keepAliveMs / SECOND - 15,
  };
}

function template(name: string): (values: object) => string {
  const source = readFileSync(new URL(`templates/${name}.hbs`, import.meta.url), 'utf8');
  return Handlebars.compile(source, { strict: true, noEscape: true });
}

const accessSubjects = [
  { name: 'api', subject: 'inference and health' },
  { name: 'admin', subject: 'the admin UI and the management endpoints' },
] as const;

/** Every file of the edge for a machine with these facts, splash pages included. */
export function renderEdge(facts: MachineFacts): readonly RenderedFile[] {
  const values = valuesFor(facts);
  const file = (path: string, name: string, extra: object = {}): RenderedFile => ({
    path,
    content: template(name)({ ...values, ...extra }),
    mode: PUBLIC,
  });
  const { edgeIncludes, edgeSite } = facts.paths;
  return [
    file('/etc/nginx/nginx.conf', 'nginx.conf'),
    file('/etc/nginx/conf.d/litellm.conf', 'http.conf'),
    file('/etc/tmpfiles.d/litellm-edge.conf', 'tmpfiles.conf'),
    file(edgeSite, 'site.conf'),
    ...['redirect', 'tls', 'headers', 'gateway', 'proxy'].map((name) =>
      file(`${edgeIncludes}/${name}.conf`, `${name}.conf`),
    ),
    ...accessSubjects.map(({ name, subject }) =>
      file(`${edgeIncludes}/access-${name}.conf`, 'access.conf', { subject }),
    ),
    ...states.map((state) =>
      file(`${splash.directory}/${state.name}.html`, 'splash.html', { ...state, style: splash.style }),
    ),
  ];
}

/** What has to be linked, and what the distribution put there that must go, so that the rendered site is the only one. */
export function edgeLinks(facts: MachineFacts) {
  return {
    links: [{ path: '/etc/nginx/sites-enabled/litellm', target: facts.paths.edgeSite }],
    absent: ['/etc/nginx/sites-enabled/default'],
  } as const;
}
