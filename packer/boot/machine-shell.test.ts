/** The shell against OpenSSH's own server on loopback. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { freePort } from './forward.ts';
import { type KeyPair, makeKeyPair, Shell } from './machine-shell.ts';
import { openWire } from './open-wire.ts';
import { until } from './until.ts';
import type { Wire } from './wire.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const SSH = 22;

let directory: string;
let key: KeyPair;
let port: number;
let server: ChildProcess;
let shell: Shell;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'machine-shell-'));
  key = await makeKeyPair(directory);
  writeFileSync(join(directory, 'authorized_keys'), `${key.publicKey}\n`);
  port = await freePort(2522);
  const settings = [
    ...['ListenAddress 127.0.0.1', `Port ${port}`, 'PidFile none', `HostKey ${key.privateKeyFile}`],
    // What stands above the key's directory is open to everybody, and root may be a user without a password.
    ...['StrictModes no', 'UsePAM no', 'PermitRootLogin prohibit-password'],
    `AuthorizedKeysFile ${directory}/authorized_keys`,
  ];
  writeFileSync(join(directory, 'sshd_config'), `${settings.join('\n')}\n`);
  mkdirSync('/run/sshd', { recursive: true });
  server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(directory, 'sshd_config')], { stdio: 'ignore' });
});

afterAll(() => {
  server.kill();
  rmSync(directory, { recursive: true });
});

beforeEach(async () => {
  shell = new Shell(openWire({ [SSH]: port }), 'root', key, () => undefined);
  onTestFinished(() => shell.close());
  await until('sshd answers', MINUTE, () => shell.open());
});

/** A command that ends when this file has. */
const endlessly = () => `while test -d ${directory}; do sleep 0.1; done`;

/** What comes of such a command, given once it runs; in an object, for a promise would be waited for. */
async function endless(deadlineMs: number): Promise<{ outcome: Promise<unknown> }> {
  const marker = join(directory, 'runs');
  const outcome = shell.run(`touch ${marker}; ${endlessly()}`, '', deadlineMs);
  outcome.catch(() => undefined);
  await until('the command runs', MINUTE, async () => rmSync(marker));
  return { outcome };
}

/** Ends the server's sessions, as a machine that loses its power does. */
function cutSessions(): void {
  const sessions = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8');
  for (const pid of sessions.trim().split(' ')) process.kill(Number(pid), 'SIGKILL');
}

test('a command runs as root with its input, and tells how it ended', async () => {
  const outcome = await shell.run('id -un; cat; echo lost >&2; exit 3', 'given', MINUTE);
  expect(outcome).toMatchObject({ code: 3, stdout: 'root\ngiven', stderr: 'lost\n' });
});

test('a command ends with its session when that is closed', async () => {
  const { outcome } = await endless(MINUTE);
  shell.close();
  await expect(outcome).rejects.toThrow(/SSH broke off during: .*done: the session was closed/);
});

test('so does one that had only just been asked for', async () => {
  const outcome = shell.run(endlessly(), '', MINUTE);
  shell.close();
  await expect(outcome).rejects.toThrow('the session was closed');
});

test('a command that lasts too long is given up, and the next one has a session of its own', async () => {
  const { outcome } = await endless(3 * SECOND);
  await expect(outcome).rejects.toThrow(/done: it was not done within 3 s/);
  expect((await shell.run('echo again', '', MINUTE)).stdout).toBe('again\n');
});

test('a command whose machine is lost has no exit code', async () => {
  const { outcome } = await endless(MINUTE);
  cutSessions();
  expect(await outcome).toMatchObject({ code: null });
});

test('a connection that is lost at once is a login that failed, and nothing more', async () => {
  const wire = openWire({ [SSH]: port });
  const losing: Wire = {
    ...wire,
    connect: async (guestPort) => {
      const socket = await wire.connect(guestPort);
      setImmediate(() => socket.destroy(new Error('reset')));
      return socket;
    },
  };
  const other = new Shell(losing, 'root', key, () => undefined);
  await expect(other.open()).rejects.toThrow('reset');
});
