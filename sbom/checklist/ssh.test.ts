import { describe, expect, test } from 'vitest';
import { showsSshd } from './ssh.ts';

const login = 'Debian GNU/Linux 13 localhost ttyS0\n\nlocalhost login: ';

describe('a console tells that sshd has run', () => {
  test.each([
    ['where it starts before the login', '[  OK  ] Started ssh.service - OpenBSD Secure Shell server.\n', ''],
    [
      'where it starts behind the login, of which systemd writes no more, and stops at the end',
      '',
      '         Stopping ssh.service - OpenBSD Secure Shell server...\n[  OK  ] Stopped ssh.service - OpenBSD Secure Shell server.\n',
    ],
    ['by its description alone', '[  OK  ] Started OpenBSD Secure Shell server.\n', ''],
  ])('%s', (_title, before, after) => {
    expect(showsSshd(`${before}${login}${after}`)).toBe(true);
  });

  test.each([
    ['nothing is said of it', ''],
    ['it has failed', '[FAILED] Failed to start ssh.service - OpenBSD Secure Shell server.\n'],
    ['it was about to start', '         Starting ssh.service - OpenBSD Secure Shell server...\n'],
    [
      'another service stops',
      '[  OK  ] Stopped cron.service - Regular background program processing daemon.\n',
    ],
  ])('but not where %s', (_title, said) => {
    expect(showsSshd(`${login}${said}`)).toBe(false);
  });
});
