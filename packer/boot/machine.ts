import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accelerationFor } from '../acceleration.ts';
import { fellToEmulator } from './emulator-fault.ts';
import { Monitor } from './machine-monitor.ts';
import {
  type Firmware,
  filesOf,
  makeOverlay,
  makeVariables,
  qemuCommand,
  type Smbios,
} from './machine-qemu.ts';
import { type KeyPair, makeKeyPair, type Outcome, Shell } from './machine-shell.ts';
import { SEED_USER, writeSeed } from './seed.ts';
import { Hopeless, until } from './until.ts';
import type { Wire } from './wire.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** How long an emulated machine may take beside other work; far above what is measured, so that only a hung one meets them. */
const deadlinesFor = (patience: number) => ({
  login: patience * 20 * MINUTE,
  unit: patience * 15 * MINUTE,
  firstBoot: patience * 40 * MINUTE,
  command: patience * 10 * MINUTE,
  powerOff: patience * 5 * MINUTE,
});

export interface MachineOptions {
  readonly name: string;
  /** Where the machine keeps its disk, its seed and its serial log; emptied first. */
  readonly directory: string;
  /** The image to boot; never written to. */
  readonly image: string;
  /** Unset for a qcow2, which is what is handed out. */
  readonly format?: 'raw' | 'qcow2';
  /** How much larger than the image the disk is, as in a cloud; unset: not at all. */
  readonly moreGiB?: number;
  readonly wire: Wire;
  readonly firmware: Firmware;
  readonly smbios?: Smbios;
  /**
   * Units that this machine is not to start, so that they do not take the time of what it is started for. Told by its firmware,
   * which systemd before 256 does not ask: there they start.
   */
  readonly withheld?: readonly string[];
  readonly password?: string;
  /**
   * Unset: 2, which the listing recommends. One costs a busy host little more than half where processors are emulated (174 s
   * for a boot, to 308 s): of two, one spins for a lock whose holder the host does not run.
   */
  readonly vcpus?: number;
  readonly kvm?: boolean;
  /** How many times longer than usual everything may take, where whoever waits has time; unset: once. */
  readonly patience?: number;
}

/** A virtual machine that runs an image, driven by verbs. */
export class Machine {
  readonly name: string;
  readonly directory: string;
  readonly key: KeyPair;
  readonly userName = SEED_USER;
  readonly #command: readonly string[];
  readonly #shell: Shell;
  readonly #wire: Wire;
  readonly #emulated: boolean;
  readonly #deadlines: ReturnType<typeof deadlinesFor>;
  /** How much the console had shown when the current boot began. */
  #consoleBefore = 0;
  #qemu: ChildProcess | undefined;

  private constructor(options: MachineOptions, key: KeyPair, command: readonly string[]) {
    this.name = options.name;
    this.directory = options.directory;
    this.key = key;
    this.#wire = options.wire;
    this.#command = command;
    this.#emulated = options.kvm !== true;
    this.#deadlines = deadlinesFor(options.patience ?? 1);
    this.#shell = new Shell(options.wire, this.userName, key, () => this.#assertRunning());
  }

  /** Prepares a machine that has never been started: a fresh disk, seed and SSH key. */
  static async create(options: MachineOptions): Promise<Machine> {
    const { directory, wire, firmware } = options;
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    const { disk } = filesOf(directory);
    await makeOverlay(options.image, options.format ?? 'qcow2', disk, options.moreGiB);
    if (firmware === 'uefi') makeVariables(directory);
    const key = await makeKeyPair(directory);
    const launch = {
      instanceId: randomUUID(),
      hostName: options.name,
      userName: SEED_USER,
      publicKey: key.publicKey,
      ...(options.password === undefined ? {} : { password: options.password }),
    };
    const seed = await writeSeed(directory, launch, wire);
    const { kvm = false, vcpus = 2, withheld = [] } = options;
    const smbios = { uuid: launch.instanceId, ...options.smbios };
    const acceleration = await accelerationFor(kvm);
    return new Machine(
      options,
      key,
      qemuCommand({ directory, disk, seed, wire, firmware, smbios, withheld, vcpus, acceleration }),
    );
  }

  /** Switches the machine on. */
  async start(): Promise<void> {
    const [program = '', ...args] = this.#command;
    const { errors, monitor } = filesOf(this.directory);
    rmSync(monitor, { force: true });
    this.#consoleBefore = this.serialLog().length;
    const log = openSync(errors, 'a');
    const qemu = spawn(program, args, { stdio: ['ignore', log, log] });
    this.#qemu = qemu;
    await until(`${this.name}: QEMU starts`, MINUTE, async () => {
      this.#assertRunning();
      if (!existsSync(monitor)) throw new Error('no monitor yet');
    });
  }

  async waitForSsh(): Promise<void> {
    await this.#withEvidence(() =>
      until(`${this.name}: SSH login as ${this.userName}`, this.#deadlines.login, async () => {
        await this.#assertBooting();
        await this.#shell.open();
      }),
    );
  }

  /** Waits until a unit is active; one that failed or does not exist ends the wait at once, with what it has to say. */
  async waitForUnit(unit: string): Promise<void> {
    await until(`${this.name}: ${unit} is active`, this.#deadlines.unit, async () => {
      const shown = await this.succeed(`systemctl show --property=LoadState,ActiveState ${unit}`);
      if (/=(failed|not-found)$/m.test(shown)) {
        const { stdout } = await this.run(`systemctl status --no-pager --full --lines=40 ${unit}`);
        throw new Hopeless(`${this.name}: ${unit} failed\n${shown}${stdout}`);
      }
      if (!shown.includes('ActiveState=active')) throw new Error(shown.trim());
    });
  }

  /** Waits until a port answers somebody outside the machine. */
  async waitForOpenPort(port: number): Promise<void> {
    await until(`${this.name}: port ${port} is open`, this.#deadlines.unit, async () => {
      this.#assertRunning();
      (await this.#wire.connect(port, 5 * SECOND)).destroy();
    });
  }

  /** Waits until the appliance says that its first boot is complete. */
  async waitForFirstBoot(): Promise<void> {
    await this.waitForSsh();
    const { firstBoot } = this.#deadlines;
    await this.#withEvidence(() =>
      this.succeed(`litellm-ctl status --wait ${firstBoot / SECOND}`, '', firstBoot + MINUTE),
    );
  }

  /** Runs a command as root, whatever comes of it. */
  async run(command: string, input = '', deadlineMs: number = this.#deadlines.command): Promise<Outcome> {
    this.#assertRunning();
    return this.#shell.run(command, input, deadlineMs);
  }

  /** Runs a command that must succeed; returns its standard output. */
  async succeed(command: string, input = '', deadlineMs: number = this.#deadlines.command): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, input, deadlineMs);
    if (code !== 0) throw new Error(`${this.name}: '${command}' ended with ${code}\n${stderr}\n${stdout}`);
    return stdout;
  }

  /** Runs a command that must fail; returns all of its output. */
  async fail(command: string, input = ''): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, input);
    if (code === 0) throw new Error(`${this.name}: '${command}' should have failed\n${stdout}`);
    return `${stdout}${stderr}`;
  }

  /** Restarts the system in an orderly way and waits for SSH. */
  async reboot(): Promise<void> {
    const bootId = 'cat /proc/sys/kernel/random/boot_id';
    const before = await this.succeed(bootId);
    this.#consoleBefore = this.serialLog().length;
    await this.run('systemctl reboot');
    this.#shell.close();
    await this.#withEvidence(() =>
      until(`${this.name}: SSH after the reboot`, this.#deadlines.login, async () => {
        await this.#assertBooting();
        await this.#shell.open();
        if ((await this.succeed(bootId)) === before) throw new Error('still going down');
      }),
    );
  }

  /** Takes the power away: nothing that the guest or QEMU has not yet written survives. */
  async powerCut(): Promise<void> {
    this.#shell.close();
    await this.#end();
  }

  /** Asks the guest to switch itself off; a machine that does not is switched off. */
  async stop(): Promise<void> {
    if (!this.isRunning()) return;
    this.#shell.close();
    const gone = new Promise((resolve) => this.#qemu?.once('exit', resolve));
    await this.#monitor('system_powerdown');
    const hung = setTimeout(() => this.#qemu?.kill('SIGKILL'), this.#deadlines.powerOff);
    await gone;
    clearTimeout(hung);
  }

  /** A machine whose power is being cut counts as gone: nobody is to log in to it again. */
  isRunning(): boolean {
    return this.#hasProcess() && this.#qemu?.killed === false;
  }

  /** What the machine has shown on its serial console, over all its boots. */
  serialLog(): string {
    const { serial } = filesOf(this.directory);
    return existsSync(serial) ? readFileSync(serial, 'utf8') : '';
  }

  /** Saves what the screen shows as PNG: boot loaders speak there before the serial line exists. */
  async screendump(file: string): Promise<void> {
    await this.#monitor('screendump', { filename: file, format: 'png' });
  }

  /** Saves serial log, screen and, where it can still be had, the journal into a directory. */
  async saveEvidence(directory: string): Promise<void> {
    mkdirSync(directory, { recursive: true });
    const { serial, errors } = filesOf(this.directory);
    for (const [file, name] of [
      [serial, 'serial.log'],
      [errors, 'qemu.log'],
    ] as const) {
      if (existsSync(file)) copyFileSync(file, join(directory, `${this.name}-${name}`));
    }
    if (!this.isRunning()) return;
    await this.screendump(join(directory, `${this.name}-screen.png`));
    try {
      const { stdout } = await this.run('journalctl --boot --no-pager', '', MINUTE);
      writeFileSync(join(directory, `${this.name}-journal.log`), stdout);
    } catch (error) {
      writeFileSync(
        join(directory, `${this.name}-journal.log`),
        `not to be had: ${(error as Error).message}\n`,
      );
    }
  }

  #hasProcess(): boolean {
    return this.#qemu !== undefined && this.#qemu.exitCode === null && this.#qemu.signalCode === null;
  }

  async #end(): Promise<void> {
    if (!this.#hasProcess()) return;
    const gone = new Promise((resolve) => this.#qemu?.once('exit', resolve));
    this.#qemu?.kill('SIGKILL');
    await gone;
  }

  async #monitor(command: string, args: object = {}): Promise<void> {
    using monitor = await Monitor.open(filesOf(this.directory).monitor);
    await monitor.command(command, args);
  }

  /** What the console has shown since the machine was started or told to restart. */
  #console(): string {
    return this.serialLog().slice(this.#consoleBefore);
  }

  /** As `#assertRunning`, but a machine that fell to its emulator is switched off and on again. */
  async #assertBooting(): Promise<void> {
    if (this.#emulated && this.isRunning() && fellToEmulator(this.#console())) {
      process.stdout.write(
        `${this.name}: its kernel fell to the emulator; it is switched off and on again\n`,
      );
      await this.powerCut();
      await this.start();
    }
    this.#assertRunning();
  }

  #assertRunning(): void {
    if (this.isRunning()) {
      if (this.#console().includes('Kernel panic')) throw new Hopeless(`${this.name}: its kernel panicked`);
      return;
    }
    const { errors } = filesOf(this.directory);
    throw new Hopeless(
      `${this.name} is not running\n${existsSync(errors) ? readFileSync(errors, 'utf8') : ''}`,
    );
  }

  /** A boot that fails leaves a screendump beside the serial log, and its error ends with the console's last lines. */
  async #withEvidence<T>(boot: () => Promise<T>): Promise<T> {
    try {
      return await boot();
    } catch (cause) {
      if (this.isRunning()) await this.screendump(join(this.directory, 'screen.png'));
      const tail = this.serialLog().split('\n').slice(-25).join('\n');
      throw new Error(`${(cause as Error).message}\n--- ${this.name}: end of serial log\n${tail}`, { cause });
    }
  }
}
