import { SECTOR } from './layout.ts';

/** Code of a master boot record; what follows it there is the table of partitions. */
const BOOT_CODE_BYTES = 440;

/**
 * What goes to the first sector and to the BIOS boot partition so that a BIOS finds GRUB: `boot` is told the sector
 * where `core` lies, `core` the sector where it goes on. Throws RangeError when `core` does not fit in `roomBytes`.
 */
export function embedGrub(boot: Buffer, core: Buffer, at: { sector: number; roomBytes: number }) {
  if (core.length > at.roomBytes) {
    throw new RangeError(`GRUB's core image has ${core.length} bytes; its partition only ${at.roomBytes}`);
  }
  const bootCode = Buffer.from(boot.subarray(0, BOOT_CODE_BYTES));
  bootCode.writeBigUInt64LE(BigInt(at.sector), 0x5c);
  // Two NOPs in place of a jump that asks the BIOS for the drive; grub-install does the same.
  bootCode.fill(0x90, 0x66, 0x68);
  const coreImage = Buffer.from(core);
  coreImage.writeBigUInt64LE(BigInt(at.sector + 1), SECTOR - 12);
  return { bootCode, coreImage };
}
