import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Shell } from 'zx';
import { Failure } from './failure.ts';

/** A key pair that exists for one bake. */
export interface SshKey {
  readonly privateKeyFile: string;
  readonly publicKeyFile: string;
}

/**
 * Lets root into a machine that is being built, whatever the image's own sshd_config says. The file lives in memory, so
 * no image can have it.
 */
export const ROOT_MAY_BUILD = {
  path: '/run/systemd/system/ssh.service.d/build.conf',
  content: '[Service]\nExecStart=\nExecStart=/usr/sbin/sshd -D -o PermitRootLogin=prohibit-password\n',
} as const;

/** Makes a throw-away key in `directory`. */
export async function makeSshKey(shell: Shell, directory: string): Promise<SshKey> {
  const privateKeyFile = `${directory}/key`;
  await shell`ssh-keygen -q -t ed25519 -N ${''} -C bake -f ${privateKeyFile}`;
  return { privateKeyFile, publicKeyFile: `${privateKeyFile}.pub` };
}

/** The line a person types to enter a machine that was kept. */
export function sshLine(key: SshKey, host: string, port = 22): string {
  const unchecked = '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null';
  return `ssh -i ${key.privateKeyFile} -p ${port} ${unchecked} root@${host}`;
}

const TRY_AGAIN_MS = 200;

/** Waits until an SSH server says who it is. Throws Failure after `timeoutMs`, and the signal's reason when it is aborted. */
export async function waitForSsh(
  host: string,
  port: number,
  options: { timeoutMs: number; signal: AbortSignal },
) {
  const deadline = performance.now() + options.timeoutMs;
  while (!(await saysSsh(host, port))) {
    options.signal.throwIfAborted();
    if (performance.now() > deadline) {
      throw new Failure(
        `no SSH server at ${host}:${port} after ${options.timeoutMs / 1000} s`,
        "read the machine's console log",
      );
    }
    await sleep(TRY_AGAIN_MS);
  }
}

function saysSsh(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const answer = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once('data', (data) => answer(data.toString('latin1').startsWith('SSH-')));
    for (const event of ['error', 'timeout', 'close']) socket.once(event, () => answer(false));
  });
}
