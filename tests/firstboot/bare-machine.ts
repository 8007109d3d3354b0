import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { $ } from 'zx';
import { type MachineFacts, machineFacts, readFacts } from '../../appliance/index.ts';
import type { Smbios } from '../../packer/index.ts';
import { dmiFiles } from '../harness/cloud-firmware.ts';
import { programs } from '../harness/programs.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const repository = fileURLToPath(new URL('../..', import.meta.url));

/** What the firmware of a machine says about it, and whether it is UEFI: it is, unless told otherwise. */
export interface Firmware extends Smbios {
  readonly uefi?: boolean;
}

export interface MachineOptions {
  readonly target?: 'qemu' | 'azure';
  readonly firmware?: Firmware;
  /** With prefix length; none means that the network is not up. */
  readonly addresses?: readonly string[];
}

export interface BootResult {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const FIRST_UUID = '4f1c8a52-6f0e-4c5b-9a52-0d1f5a3c2b11';
export const OTHER_UUID = '9b2d7c10-1234-4abc-8def-001122334455';

/** The facts of an image of this repository, with the PostgreSQL that the build host has. */
export function factsFor(target: 'qemu' | 'azure'): MachineFacts {
  return { ...machineFacts(readFacts(), 'debian-13', target, 'test'), postgresql: installedPostgresql() };
}

function installedPostgresql(): number {
  const majors = readdirSync('/usr/lib/postgresql')
    .map(Number)
    .toSorted((one, other) => other - one);
  const [newest] = majors;
  if (newest === undefined) throw new Error('no PostgreSQL server is installed; run: make test-integration');
  return newest;
}

/**
 * A machine without kernel and systemd: the shipped bundle, the real PostgreSQL and the real file system on a disk
 * directory of its own. Each boot gets new namespaces; the end of a boot is a power cut for everything in it.
 */
export class BareMachine implements Disposable {
  readonly disk: string;

  private constructor(disk: string) {
    this.disk = disk;
  }

  /** A machine as the image leaves it: programs and users are there, nothing has been made yet. */
  static async create(options: MachineOptions = {}): Promise<BareMachine> {
    const fast = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
    const machine = new BareMachine(mkdtempSync(join(fast, 'bare-machine-')));
    const { target = 'qemu', firmware = { uuid: FIRST_UUID }, addresses = ['10.77.0.4/24'] } = options;
    mkdirSync(join(machine.disk, 'sbin'));
    cpSync(here('systemctl.sh'), join(machine.disk, 'sbin/systemctl'));
    chmodSync(join(machine.disk, 'sbin/systemctl'), 0o755);
    writeFileSync(join(machine.disk, 'hostname'), 'gateway-1\n');
    machine.setAddresses(addresses);
    machine.setFirmware(firmware);
    await machine.#install(factsFor(target));
    return machine;
  }

  setAddresses(addresses: readonly string[]): void {
    writeFileSync(join(this.disk, 'addresses'), addresses.map((address) => `${address}\n`).join(''));
  }

  setFirmware({ uefi = true, ...smbios }: Firmware): void {
    const sys = join(this.disk, 'sys');
    rmSync(sys, { recursive: true, force: true });
    mkdirSync(join(sys, 'class/dmi/id'), { recursive: true });
    for (const [name, text] of Object.entries(dmiFiles(smbios)))
      writeFileSync(join(sys, 'class/dmi/id', name), text);
    if (uefi) mkdirSync(join(sys, 'firmware/efi'), { recursive: true });
  }

  /** A second machine with a copy of this one's disk, as a snapshot would make it. */
  async copy(): Promise<BareMachine> {
    const copy = mkdtempSync(`${this.disk}-copy-`);
    await $({ quiet: true })`cp -a ${this.disk}/. ${copy}`;
    return new BareMachine(copy);
  }

  /** Boots, runs one program to its end, and cuts the power. */
  async boot(program: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<BootResult> {
    return this.startBoot(program, env).ended;
  }

  /** Boots and leaves the program running until it ends or the power is cut. */
  startBoot(
    program: readonly string[],
    env: Readonly<Record<string, string>> = {},
    input: 'ignore' | 'pipe' = 'ignore',
  ): RunningBoot {
    const namespaces = [
      '--mount',
      '--pid',
      '--net',
      '--uts',
      '--ipc',
      '--fork',
      '--kill-child',
      '--mount-proc',
    ];
    const args = [
      ...namespaces,
      '--propagation',
      'private',
      '--',
      'bash',
      here('boot.sh'),
      this.disk,
      ...program,
    ];
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const child = spawn('unshare', args, { env: { PATH: path, ...env }, stdio: [input, 'pipe', 'pipe'] });
    return new RunningBoot(child);
  }

  /** Where a file of the machine's disk lies outside it; only for files that the machine itself has written. */
  path(inside: string): string {
    const [, top = '', ...rest] = inside.split('/');
    return join(this.disk, top, 'upper', ...rest);
  }

  has(inside: string): boolean {
    return existsSync(this.path(inside));
  }

  read(inside: string): string {
    return readFileSync(this.path(inside), 'utf8');
  }

  [Symbol.dispose](): void {
    rmSync(this.disk, { recursive: true, force: true });
  }

  async #install(facts: MachineFacts): Promise<void> {
    const program = join(this.disk, 'opt/upper/litellm');
    mkdirSync(join(program, 'bin'), { recursive: true });
    await writePrograms(program);
    writeFileSync(join(program, 'appliance.json'), JSON.stringify(facts));
    writeFileSync(join(program, 'bin/node'), '');
    writeFileSync(join(this.disk, 'node'), process.execPath);
    const config = join(repository, 'gateway/config/default-config.yaml');
    const { users, paths } = facts;
    const result = await this.boot(['sh', '-ec', INSTALL, users.service, users.owner, config, paths.config]);
    if (result.exitCode !== 0) throw new Error(`the machine could not be installed: ${result.stderr}`);
  }
}

/** What the image's roles do besides: two system users and the shipped configuration; and GRUB's menu, as update-grub writes it. */
const INSTALL = `
mkdir -p /etc/grub.d /boot/grub
cat >/boot/grub/grub.cfg <<'MENU'
### BEGIN /etc/grub.d/00_header ###
menuentry_id_option="--id"
export menuentry_id_option
### END /etc/grub.d/00_header ###
### BEGIN /etc/grub.d/10_linux ###
menuentry 'Linux' --class os $menuentry_id_option 'gnulinux-simple' {
	linux /vmlinuz root=/dev/vda1
}
### END /etc/grub.d/10_linux ###
MENU
mkdir /etc/litellm
useradd --system --user-group "$0"
useradd --system --user-group "$1"
install -m 640 -g "$0" "$2" "$3"
`;

/** A boot that is under way. */
export class RunningBoot {
  readonly ended: Promise<BootResult>;
  readonly #child: ChildProcess;
  #lines: AsyncIterator<string> | undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    this.ended = once(child, 'close').then(([exitCode]) => ({ exitCode, stdout, stderr }));
  }

  /** Waits until the program has printed this line, again if it was waited for before; false when it ends without. */
  async prints(line: string): Promise<boolean> {
    if (this.#child.stdout === null) throw new Error('what the program prints is not read');
    this.#lines ??= createInterface(this.#child.stdout)[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.#lines.next();
      if (next.done) return false;
      if (next.value === line) return true;
    }
  }

  /** Gives a program whose input is a pipe something to read. */
  tell(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Everything on the machine stops at once. */
  async cutPower(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}

const onTheMachine = ['inspect', 'metadata', 'cloud-answers', 'cloud-tour'];

/** Those with which the tests look around on the machine, bundled once for all machines of a test file. */
let lookers: ReturnType<typeof bundleLookers> | undefined;

async function bundleLookers() {
  const { outputFiles } = await build({
    absWorkingDir: repository,
    entryPoints: Object.fromEntries(onTheMachine.map((name) => [name, `tests/firstboot/${name}.ts`])),
    outdir: '/',
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: ['pg-native'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return outputFiles;
}

/** Puts the programs as they ship into a directory, and those of the tests. */
async function writePrograms(directory: string): Promise<void> {
  cpSync(programs, directory, { recursive: true });
  lookers ??= bundleLookers();
  for (const { path, contents } of await lookers) writeFileSync(join(directory, basename(path)), contents);
}
