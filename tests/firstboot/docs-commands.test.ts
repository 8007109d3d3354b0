/** Commands of the docs that want a machine with secrets and a database, as they stand, on a bare one. */
import { expect, test } from 'vitest';
import { runnable } from '../docs/pages.ts';
import { scriptOf, typedAt } from '../docs/placeholders.ts';
import { BareMachine } from './bare-machine.ts';
import { bootAndInspect, FIRST_BOOT } from './inspection.ts';

/** As root already, sudo has nothing to do; `status` waits for units, which a bare machine lacks. */
const PROGRAMS = `
mkdir -p /run/docs && cd /run/docs
printf '#!/bin/sh\\nexec "$@"\\n' >sudo
printf '#!/bin/sh\\n[ "$1" = status ] || exec /opt/litellm/bin/node /opt/litellm/litellm-ctl.mjs "$@"\\n' >litellm-ctl
chmod 755 sudo litellm-ctl
export PATH=/run/docs:$PATH
`;

const pages = ['docs/operator/credentials.md', 'docs/operator/providers.md', 'docs/operator/database.md'];

/** The rest of these pages asks kernel, firewall or journal, which the booted machine has. */
const wantsMore = /journalctl|access egress|logs/;

test.each(pages)('the commands of %s do what they say', async (page) => {
  using machine = await BareMachine.create();
  await bootAndInspect(machine);
  const blocks = runnable(page, 'vm').filter(({ text }) => !wantsMore.test(text));
  expect(blocks.length).toBeGreaterThan(0);
  const typed = typedAt(page, { providerKey: 'sk-provider' });
  const script = `${PROGRAMS}${FIRST_BOOT.join(' ')} >&2\n${blocks.map(({ text }) => text).join('\n')}`;
  const result = await machine.boot(['bash', '-c', scriptOf(`exec <<<'${typed.trim()}'\n${script}`)]);
  expect({ exitCode: result.exitCode, said: result.exitCode === 0 ? '' : result.stderr }).toEqual({
    exitCode: 0,
    said: '',
  });
  expect(result.stdout).not.toBe('');
});
