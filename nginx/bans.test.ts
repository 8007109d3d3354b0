import { expect, test } from 'vitest';
import { machineFacts, readFacts } from '../appliance/index.ts';
import { authFailures } from '../gateway/index.ts';
import { renderBans } from './bans.ts';
import { renderEdge } from './render.ts';

const facts = machineFacts(readFacts(), 'debian-13', 'qemu', 'test');
const content = (path: string): string => renderBans(facts).find((file) => file.path === path)?.content ?? '';

test('each kind of guessing has its jail, and nginx looks into the directory of each', () => {
  const jails = content('/etc/fail2ban/jail.d/litellm-edge.conf');
  const names = [...jails.matchAll(/^\[(.+)\]$/gm)].map(([, name]) => name);
  const counted = [...jails.matchAll(/^filter = litellm-edge\[failure=(.+)\]$/gm)].map(
    ([, failure]) => failure,
  );
  expect(counted).toEqual([...authFailures]);
  const edge = renderEdge(facts).map((file) => file.content);
  for (const name of names) {
    expect(edge.join('')).toContain(`if (-f ${facts.paths.bans}/${name}/$remote_addr)`);
  }
  expect(names).toHaveLength(authFailures.length);
});

test('fail2ban reads the log that nginx writes', () => {
  const [, log] = /^logpath = (.+)$/m.exec(content('/etc/fail2ban/jail.d/litellm-edge.conf')) ?? [];
  expect(renderEdge(facts).some((file) => file.content.includes(`access_log ${log} litellm;`))).toBe(true);
});
