import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $ } from 'zx';

/** The QEMU of the host. */
export const QEMU = 'qemu-system-x86_64';

/**
 * A boot sector that counts to 2^28, says `K` on the serial line and ends the machine through the debug exit port.
 * A processor counts in a fraction of a second; a KVM that emulates each instruction starts guests, but does not get there.
 */
// biome-ignore format: one instruction a line
const PROBE = [
  0x66, 0xb9, 0x00, 0x00, 0x00, 0x10, // mov ecx, 1 << 28
  0x66, 0x49, //       dec ecx
  0x75, 0xfc, //       jnz to the line above
  0xba, 0xf8, 0x03, // mov dx, 0x3f8   the first serial line
  0xb0, 0x4b, //       mov al, 'K'
  0xee, //             out dx, al
  0xba, 0xf4, 0x00, // mov dx, 0xf4    the debug exit port
  0xb0, 0x10, //       mov al, 0x10
  0xee, //             out dx, al
  0xf4, //             hlt
  0xeb, 0xfd, //       jmp hlt
];

/** What QEMU ends with after the probe wrote 0x10 to the debug exit port. */
const PROBE_EXIT = (0x10 << 1) | 1;
const PROBE_SECONDS = 5;

/** Whether QEMU really runs a guest with KVM here; that /dev/kvm exists proves nothing. */
export async function kvmWorks(): Promise<boolean> {
  return existsSync('/dev/kvm') && (await probeRuns('kvm'));
}

/** Whether a guest of a few instructions runs to its end under `accelerator` of this QEMU. */
export async function probeRuns(accelerator: 'kvm' | 'tcg', program = QEMU): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'probe-'));
  try {
    const sector = Buffer.alloc(512);
    Buffer.from(PROBE).copy(sector);
    sector.writeUInt16LE(0xaa55, 510);
    const disk = join(directory, 'disk');
    await writeFile(disk, sector);
    const machine = ['-nodefaults', '-display', 'none', '-machine', 'pc', '-accel', accelerator, '-m', '16M'];
    const devices = ['-drive', `file=${disk},format=raw,if=ide`, '-serial', 'stdio', '-no-reboot'];
    const exit = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x01'];
    const shell = $({ quiet: true, nothrow: true });
    const ended = await shell`timeout -s KILL ${PROBE_SECONDS} ${program} ${machine} ${devices} ${exit}`;
    return ended.exitCode === PROBE_EXIT && ended.stdout.includes('K');
  } finally {
    await rm(directory, { recursive: true });
  }
}
