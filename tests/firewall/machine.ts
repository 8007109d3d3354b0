import * as fs from 'node:fs';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type MachineFacts, machineFacts, readFacts } from '../../appliance/index.ts';
import { hostMachine } from '../../firstboot/index.ts';
import { egressRuleFiles, type Operator, shippedEgressRules } from '../../operator/index.ts';
import { renderUnits } from '../../systemd/index.ts';
import type { Guest } from './guest.ts';

/** Users of the machine, by numbers that nobody here has. */
export const uids = {
  root: 0,
  litellm: 23_901,
  'systemd-resolve': 23_902,
  'systemd-timesync': 23_903,
  'systemd-network': 23_904,
  'www-data': 23_905,
} as const;
export type User = keyof typeof uids;

/** The firewall's part of a machine: facts with paths of its own, rules as shipped, and programs that run in the guest. */
export class FirewallMachine implements Disposable {
  readonly facts: MachineFacts;
  readonly #guest: Guest;
  readonly #root: string;
  #said = '';

  private constructor(guest: Guest, facts: MachineFacts, root: string) {
    this.#guest = guest;
    this.#root = root;
    this.facts = facts;
  }

  static async create(guest: Guest): Promise<FirewallMachine> {
    const root = mkdtempSync(join(tmpdir(), 'firewall-machine-'));
    const base = machineFacts(readFacts(), 'debian-13', 'qemu', 'test');
    const moved = (['egress', 'egressRules', 'serviceEnv', 'providersEnv'] as const).map((name) => [
      name,
      join(root, base.paths[name]),
    ]);
    const facts = { ...base, paths: { ...base.paths, ...Object.fromEntries(moved) } };
    for (const { path, content } of shippedEgressRules(facts)) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
    mkdirSync(dirname(facts.paths.egress), { recursive: true });
    const passwd = Object.entries(uids).map(([name, uid]) => `${name}:x:${uid}:65534::/:/bin/false\n`);
    await guest.run('tee', ['/etc/passwd'], { input: passwd.join('') });
    return new FirewallMachine(guest, facts, root);
  }

  /** Runs what the unit litellm-egress.service runs. */
  async startUnit(): Promise<void> {
    const unit = renderUnits(this.facts).find(({ path }) => path.endsWith('/litellm-egress.service'));
    const commands = [...(unit?.content ?? '').matchAll(/^ExecStart=(.+)$/gm)].map((match) => match[1] ?? '');
    if (commands.length === 0) throw new Error('the unit runs nothing');
    for (const command of commands) {
      const { exitCode, stderr } = await this.#guest.run('sh', ['-c', command]);
      if (exitCode !== 0) throw new Error(`${command}: ${stderr}`);
    }
  }

  /** Writes the operator's file. */
  allow(...lines: string[]): void {
    writeFileSync(this.facts.paths.egress, lines.map((line) => `${line}\n`).join(''));
  }

  /** Says where the database is. */
  useDatabase(url: string): void {
    writeFileSync(this.facts.paths.serviceEnv, `DATABASE_URL=${url}\n`);
  }

  ruleFiles(): string[] {
    return Object.values(egressRuleFiles(this.facts)).map((path) => fs.readFileSync(path, 'utf8'));
  }

  /** What the kernel filters by, in both families. */
  async loaded(): Promise<string> {
    const [ipv4, ipv6] = [
      await this.#guest.run('iptables', ['-S']),
      await this.#guest.run('ip6tables', ['-S']),
    ];
    return `${ipv4.stdout}\n${ipv6.stdout}`;
  }

  /** All that the operator's command has printed. */
  get said(): string {
    return this.#said;
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.#root, { recursive: true });
  }

  operator(): Operator {
    const unused = (): never => {
      throw new Error('the firewall does not need this');
    };
    return {
      machine: { ...hostMachine(this.facts), run: this.#guest.run },
      isRoot: true,
      nodeVersion: process.versions.node,
      write: (text) => {
        this.#said += text;
      },
      writeError: unused,
      readiness: unused,
      servedCertificate: unused,
      diskSpace: unused,
      pause: unused,
      sshClientAddress: unused,
      lookUp: unused,
      ask: unused,
      readSecret: unused,
      lines: unused,
    };
  }
}
