import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const style = readFileSync(new URL('templates/splash.css', import.meta.url), 'utf8');

/** The stylesheet inside the splash page, and the policy that allows exactly it and nothing else. */
export const splash = {
  style,
  contentPolicy: `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; frame-ancestors 'none'`,
  uri: '/.splash',
  directory: '/usr/share/litellm/splash',
} as const;

/** Why the gateway does not serve, as the edge can see it. Neither text tells a stranger more than that. */
export const states = [
  {
    name: 'warming',
    title: 'The gateway is starting',
    text: 'It will be ready in a moment; this page reloads by itself.',
    message: 'The gateway is starting or restarting; try again in a few seconds',
  },
  {
    name: 'failed',
    title: 'The first boot did not complete',
    text: 'Whoever operates this machine finds the reason with: sudo litellm-ctl status',
    message:
      "The machine's first boot did not complete; its operator finds the reason with: sudo litellm-ctl status",
  },
] as const;
