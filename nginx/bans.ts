import type { MachineFacts } from '../appliance/index.ts';
import { type AuthFailure, authFailures } from '../gateway/index.ts';
import { edgeJails } from '../operator/index.ts';
import { type RenderedFile, renderedFile } from './template.ts';

/** Where nginx writes a line for each request, which fail2ban reads. */
export const ACCESS_LOG = '/var/log/nginx/access.log';

/**
 * How many failures within fail2ban's time cost a ban. A back end that goes on calling with a deleted key is not an
 * attack at once; nobody mistypes a password that often, and the gateway slows each further attempt by itself.
 */
const allowedFailures: Readonly<Record<AuthFailure, number>> = { 'unknown-key': 30, 'sign-in': 10 };

/** The jails of the edge. */
export const banJails = authFailures.map((failure) => ({
  name: edgeJails[failure],
  failure,
  maxRetry: allowedFailures[failure],
}));

/** What fail2ban needs to know of the edge: filter, action and jails. The role fail2ban installs them beside its own. */
export function renderBans(facts: MachineFacts): readonly RenderedFile[] {
  const { bans, banExemptions } = facts.paths;
  const values = {
    failures: authFailures.join('|'),
    bans,
    exemptions: banExemptions,
    jails: banJails,
    accessLog: ACCESS_LOG,
    ports: `${facts.ports.http},${facts.ports.https}`,
  };
  return [
    renderedFile('/etc/fail2ban/filter.d/litellm-edge.conf', 'fail2ban-filter.conf', values),
    renderedFile('/etc/fail2ban/action.d/litellm-edge.conf', 'fail2ban-action.conf', values),
    renderedFile('/etc/fail2ban/jail.d/litellm-edge.conf', 'fail2ban-jails.conf', values),
  ];
}
