import { expect, test } from 'vitest';
import { BareMachine } from './bare-machine.ts';
import { bootAndInspect, FIRST_BOOT, NODE } from './inspection.ts';

const CTL = `${NODE} /opt/litellm/litellm-ctl.mjs`;

test('the operator is shown the credentials, and where the keys are once the file is deleted', async () => {
  using machine = await BareMachine.create();
  const { credentials } = await bootAndInspect(machine);
  const shown = await machine.boot(['sh', '-c', `exec ${CTL} credentials`]);
  expect(shown).toMatchObject({
    exitCode: 0,
    stdout: machine.read('/root/litellm-credentials.txt'),
    stderr: '',
  });
  expect(shown.stdout).toContain(credentials.masterKey);

  const deleted = await machine.boot([
    'sh',
    '-c',
    `rm /root/litellm-credentials.txt; exec ${CTL} credentials`,
  ]);
  expect(deleted.exitCode).toBe(1);
  expect(deleted.stderr).toContain('the keys in use are in /etc/litellm/litellm.env');
});

test('resetting the admin password changes it everywhere, prints it once and restarts the gateway', async () => {
  using machine = await BareMachine.create();
  const before = await bootAndInspect(machine);
  const reset = `${CTL} credentials --reset-admin-password`;
  const result = await machine.boot(['sh', '-c', `${reset} && cat /run/systemctl.calls`]);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  expect(result.stdout).toContain('restart litellm.service');

  const after = await bootAndInspect(machine);
  const password = after.credentials.adminPassword;
  expect(password).not.toBe(before.credentials.adminPassword);
  expect(after.env).toEqual({ ...before.env, UI_PASSWORD: password });
  expect(after.modes).toEqual(before.modes);
  expect(result.stdout.split(password)).toHaveLength(2);
});

test('the operator sees why first boot failed', async () => {
  using machine = await BareMachine.create();
  await machine.boot([
    'sh',
    '-c',
    `echo LITELLM_SALT_KEY=restored >/etc/litellm/litellm.env; ${FIRST_BOOT.join(' ')}`,
  ]);
  const result = await machine.boot([NODE, '/opt/litellm/litellm-ctl.mjs', 'status', '--json']);
  expect(result.exitCode).toBe(1);
  const { verdict, checks } = JSON.parse(result.stdout);
  expect(verdict).toBe('problem');
  expect(checks[0]).toMatchObject({
    name: 'first boot',
    state: 'problem',
    detail: expect.stringContaining('/etc/litellm/litellm.env holds keys already'),
    remedy: expect.stringContaining('restore /var/lib/litellm/firstboot'),
  });
});

test('the shipped configuration is good once a machine has made its keys', async () => {
  using machine = await BareMachine.create();
  const early = await machine.boot(['sh', '-c', `exec ${CTL} config check`]);
  expect(early.exitCode).toBe(1);
  expect(early.stderr).toContain('first boot is not complete');
  await bootAndInspect(machine);
  expect(await machine.boot(['sh', '-c', `exec ${CTL} config check`])).toMatchObject({ exitCode: 0 });
});

test('a setting that nobody knows is refused by config check, with the nearest known one', async () => {
  using machine = await BareMachine.create();
  await bootAndInspect(machine);
  const wrong = 'echo "general_setings: {}" >>/etc/litellm/config.yaml';
  const result = await machine.boot(['sh', '-c', `${wrong}; exec ${CTL} config check`]);
  expect(result.exitCode).toBe(1);
  expect(`${result.stdout}${result.stderr}`).toContain('general_settings');
});
