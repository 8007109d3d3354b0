import { expect, test } from 'vitest';
import { mustRun, runProgram } from '../appliance/index.ts';
import { sshClientAddress } from './ssh-client.ts';

const module = new URL('ssh-client.ts', import.meta.url).href;
const ask = `import(${JSON.stringify(module)}).then((m) => console.log(m.sshClientAddress(process.pid) ?? 'none'))`;

// As sudo does: a shell of the session, and below it a process without the session's variables.
const below = (session: string): Promise<string> =>
  mustRun(runProgram, 'sh', ['-c', `env -i ${process.execPath} -e '${ask}'; true`], {
    env: session === '' ? {} : { SSH_CONNECTION: session },
  });

test('the client is found in the processes above, where sudo has taken the variable away', async () => {
  expect((await below('2001:db8:1::10 50000 2001:db8:2::1 22')).trim()).toBe('2001:db8:1::10');
});

test('a console has no client', () => {
  expect(sshClientAddress(1)).toBeUndefined();
});
