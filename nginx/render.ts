import type { MachineFacts } from '../appliance/index.ts';
import { AUTH_FAILURE_HEADER, absentRoutes, authFailures, limits, routes } from '../gateway/index.ts';
import {
  ACME_ROOT,
  accessInclude,
  basicAuthFile,
  certificateInclude,
  openAccess,
  renderAccess,
  renderCertificateNames,
} from '../operator/index.ts';
import { ACCESS_LOG, banJails } from './bans.ts';
import { edgeErrors, envelope } from './errors.ts';
import { guardedLocations } from './locations.ts';
import { splash, states } from './splash.ts';
import { PUBLIC_MODE, type RenderedFile, renderedFile } from './template.ts';

const SECOND = 1000;

/** Loopback, and what routers of the internet do not carry. */
const privateNetworks = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::1/128',
  'fc00::/7',
];

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
    certificateInclude: certificateInclude(facts),
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
    certificateError: envelope(
      403,
      'auth_error',
      'The edge asks for a client certificate of its authority, and this connection has none that verifies',
    ),
    accessLog: ACCESS_LOG,
    authFailureHeader: AUTH_FAILURE_HEADER,
    authFailureVariable: AUTH_FAILURE_HEADER.replaceAll('-', '_'),
    authFailures,
    banDirectories: banJails.map(({ name }) => `${facts.paths.bans}/${name}`),
    privateNetworks,
    locations: guardedLocations({ ...routes, ...absentRoutes }).map(({ match, access }) => ({
      match,
      access,
      guarded: access !== 'probe',
    })),
    bodyBytes: limits.bodyBytes,
    readSeconds: limits.readMs / SECOND,
    sendSeconds: limits.requestMs / SECOND,
    upstreamIdleSeconds: limits.keepAliveMs / SECOND - 15,
  };
}

const guards = [
  { name: 'inference', subject: 'inference' },
  { name: 'admin', subject: 'the admin UI and the management endpoints' },
  { name: 'private', subject: 'what is for this machine and its network alone' },
] as const;

/** Every file of the edge for a machine with these facts, splash pages included. */
export function renderEdge(facts: MachineFacts): readonly RenderedFile[] {
  const values = valuesFor(facts);
  const file = (path: string, name: string, extra: object = {}): RenderedFile =>
    renderedFile(path, name, { ...values, ...extra });
  const { edgeIncludes, edgeSite } = facts.paths;
  return [
    file('/etc/nginx/nginx.conf', 'nginx.conf'),
    file('/etc/nginx/conf.d/litellm.conf', 'http.conf'),
    file('/etc/tmpfiles.d/litellm-edge.conf', 'tmpfiles.conf'),
    file(edgeSite, 'site.conf'),
    ...['redirect', 'tls', 'headers', 'gateway', 'proxy'].map((name) =>
      file(`${edgeIncludes}/${name}.conf`, `${name}.conf`),
    ),
    ...guards.map(({ name, subject }) =>
      file(`${edgeIncludes}/guard-${name}.conf`, 'guard.conf', {
        subject,
        refused: `$litellm_refused_${name}`,
        passwordFile: basicAuthFile(facts),
      }),
    ),
    // As `litellm-ctl access` writes it on a machine whose operator has changed nothing.
    { path: accessInclude(facts), content: renderAccess(openAccess, facts), mode: PUBLIC_MODE },
    { path: certificateInclude(facts), content: renderCertificateNames([]), mode: PUBLIC_MODE },
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
