import { expect, test } from 'vitest';
import { embedGrub } from './bios-grub.ts';

const boot = Buffer.alloc(512, 0x11);
const core = Buffer.alloc(3000, 0x22);
const at = { sector: 2048, roomBytes: 4096 };

test('the boot code names the sector of the core image, and the core image the one behind its first', () => {
  const { bootCode, coreImage } = embedGrub(boot, core, at);
  expect(bootCode.readBigUInt64LE(0x5c)).toBe(2048n);
  expect(coreImage.readBigUInt64LE(0x1f4)).toBe(2049n);
});

test('the boot code leaves the partition table of the first sector alone', () => {
  expect(embedGrub(boot, core, at).bootCode).toHaveLength(440);
});

test('the images that came in are not changed', () => {
  embedGrub(boot, core, at);
  expect(boot.every((byte) => byte === 0x11)).toBe(true);
  expect(core.every((byte) => byte === 0x22)).toBe(true);
});

test('a core image that does not fit is refused', () => {
  expect(() => embedGrub(boot, core, { sector: 2048, roomBytes: 2048 })).toThrow(RangeError);
});
