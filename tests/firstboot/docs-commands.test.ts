/** Commands of the docs that want a machine with secrets and a database, as they stand, on a bare one. */
import { expect, test } from 'vitest';
import { runnable } from '../docs/pages.ts';
import { scriptOf } from '../docs/placeholders.ts';
import { BareMachine } from './bare-machine.ts';
import { FIRST_BOOT } from './inspection.ts';

/** As root already, sudo has nothing to do; `status` waits for units, which a bare machine lacks. */
const PROGRAMS = `
mkdir -p /run/docs && cd /run/docs
printf '#!/bin/sh\\nexec "$@"\\n' >sudo
printf '#!/bin/sh\\n[ "$1" = status ] || exec /opt/litellm/bin/node /opt/litellm/litellm-ctl.mjs "$@"\\n' >litellm-ctl
chmod 755 sudo litellm-ctl
export PATH=/run/docs:$PATH
${FIRST_BOOT.join(' ')} >&2
`;

const pages = ['docs/operator/credentials.md', 'docs/operator/providers.md', 'docs/operator/database.md'];

/** The rest of these pages asks the log, the firewall or what the gateway has stored, which the booted machine has. */
const wantsMore = /journalctl|access egress|reseal|sudo -u|LITELLM_SALT_KEY|systemctl st/;

test('the commands about credentials, providers and the database do what they say, in the order printed', async () => {
  const blocks = pages.flatMap((page) => runnable(page, 'vm').filter(({ text }) => !wantsMore.test(text)));
  expect(new Set(blocks.map(({ page }) => page))).toEqual(new Set(pages));
  const told = blocks.map(({ page, line, text }) => `echo '== ${page}:${line}' >&2\n${text}`);
  using machine = await BareMachine.create();
  const result = await machine.boot(['bash', '-c', scriptOf(`${PROGRAMS}${told.join('\n')}`)]);
  expect({ exitCode: result.exitCode, said: result.exitCode === 0 ? '' : result.stderr }).toEqual({
    exitCode: 0,
    said: '',
  });
  expect(result.stdout).toContain('"masterKey": "sk-');
  expect(result.stdout).toContain('New initial password of ');
  expect(result.stdout).toContain('os.environ/OPENAI_API_KEY');
  expect(result.stdout).toContain('models active');
  expect(result.stdout).toContain("database: the machine's own server");
});
