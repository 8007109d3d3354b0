import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { grubHash, grubLock, grubLockScript, withGrubLock } from './grub-lock.ts';

const lock = grubLock(grubHash('a-password', '00FF'.repeat(32)));

/** As update-grub writes it. */
const menu = `### BEGIN /etc/grub.d/00_header ###
if [ x"\${feature_menuentry_id}" = xy ]; then
  menuentry_id_option="--id"
fi
export menuentry_id_option
### END /etc/grub.d/00_header ###
### BEGIN /etc/grub.d/10_linux ###
function gfxmode {
	set gfxpayload="\${1}"
}
menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-1' {
	linux /vmlinuz root=/dev/vda1
}
submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced-1' {
	menuentry 'Linux 6.12' --class debian $menuentry_id_option 'gnulinux-6.12-1' {
		linux /vmlinuz root=/dev/vda1
	}
}
### END /etc/grub.d/10_linux ###
`;

test('the hash is the one that GRUB makes of the same password and salt', () => {
  const said = execFileSync('grub-mkpasswd-pbkdf2', { input: 'a-password\na-password\n', encoding: 'utf8' });
  const made = /grub\.pbkdf2\.\S+/.exec(said)?.[0] ?? '';
  const salt = made.split('.')[4] ?? '';
  expect(salt).toMatch(/^[0-9A-F]{128}$/);
  expect(grubHash('a-password', salt)).toBe(made);
});

test('the lock stands before the first entry, and the rest of the menu is as it was', () => {
  const locked = withGrubLock(menu, lock) ?? '';
  expect(locked.indexOf('set superusers="root"')).toBeGreaterThan(
    locked.indexOf('menuentry_id_option="--id"'),
  );
  expect(locked.indexOf('--unrestricted')).toBeLessThan(locked.indexOf("menuentry 'Debian"));
  const [before = '', after = ''] = menu.split(/(?=^menuentry 'Debian)/m);
  expect(locked.startsWith(before)).toBe(true);
  expect(locked.endsWith(after)).toBe(true);
});

test('a menu is locked once, and the last lock holds', () => {
  const other = grubLock(grubHash('another', '0A'.repeat(64)));
  const once = withGrubLock(menu, lock) ?? '';
  expect(withGrubLock(once, lock)).toBe(once);
  expect(withGrubLock(once, other)).toBe(withGrubLock(menu, other));
});

test('a menu without an entry cannot be locked', () => {
  expect(withGrubLock('set timeout=1\n', lock)).toBeUndefined();
});

test("GRUB's own checker accepts a locked menu", () => {
  const check = () => execFileSync('grub-script-check', { input: withGrubLock(menu, lock) ?? '' });
  expect(check).not.toThrow();
});

test('what update-grub will run prints the lock', () => {
  expect(execFileSync('sh', { input: grubLockScript(lock), encoding: 'utf8' })).toBe(lock);
});
