import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { $ } from 'zx';
import { type MachineFacts, machineFacts, readFacts } from '../../appliance/index.ts';
import { edgeLinks, renderBans, renderEdge } from '../../nginx/index.ts';
import { ACME_ROOT } from '../../operator/index.ts';
import { until } from '../../packer/index.ts';
import { Sandbox } from './sandbox.ts';

const SECOND = 1000;

/** The nginx on this machine, as `major.minor`. */
async function installedVersion(): Promise<string> {
  const { stderr } = await $({ quiet: true })`nginx -v`;
  const version = /nginx\/(\d+\.\d+)/.exec(stderr)?.[1];
  if (version === undefined) throw new Error(`nginx -v said: ${stderr}`);
  return version;
}

/** The rendered edge, served by this machine's nginx in a sandbox, at its true paths and ports. */
export class Edge implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly facts: MachineFacts;

  private constructor(sandbox: Sandbox, facts: MachineFacts) {
    this.sandbox = sandbox;
    this.facts = facts;
  }

  /** Does what the image's role and first boot do, then starts nginx. The gateway is not there yet. */
  static async create(): Promise<Edge> {
    const baked = machineFacts(readFacts(), 'debian-13', 'qemu', 'test');
    const edge = new Edge(await Sandbox.create(), { ...baked, nginx: await installedVersion() });
    try {
      edge.#install();
      await edge.#makeCertificate();
      await edge.sandbox.run(['nginx']);
      await edge.#listening();
      return edge;
    } catch (error) {
      await edge[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Raises or lowers the flag that the gateway sets while it serves. */
  ready(value: boolean): void {
    this.flag(`${this.facts.paths.runtime}/ready`, value);
  }

  /** Raises or lowers the flag that first boot sets when it did not complete. */
  failed(value: boolean): void {
    this.flag(`${this.facts.paths.firstbootRuntime}/failed`, value);
  }

  /** Writes a file in the sandbox. */
  write(path: string, content: string): void {
    mkdirSync(dirname(this.sandbox.path(path)), { recursive: true });
    writeFileSync(this.sandbox.path(path), content);
  }

  remove(path: string): void {
    rmSync(this.sandbox.path(path), { force: true });
  }

  exists(path: string): boolean {
    return existsSync(this.sandbox.path(path));
  }

  /** Resolves when a file that stands in the sandbox has been removed. */
  gone(path: string): Promise<void> {
    return until(`${path} is removed`, 10 * SECOND, async () => {
      if (this.exists(path)) throw new Error('still there');
    });
  }

  read(path: string): string {
    return readFileSync(this.sandbox.path(path), 'utf8');
  }

  /** Has nginx take over its configuration; resolves when no worker of before accepts connections any more. */
  async reload(): Promise<void> {
    await this.sandbox.run(['nginx', '-t']);
    await this.taken(() => this.sandbox.run(['nginx', '-s', 'reload']));
  }

  /** Runs `action`, which makes nginx reload, and resolves when the workers of before have stopped accepting. */
  async taken<T>(action: () => Promise<T>): Promise<T> {
    const before = this.#workers();
    const result = await action();
    await until('nginx takes over its configuration', 10 * SECOND, async () => {
      const now = this.#workers();
      if (now.length === 0 || now.some((pid) => before.includes(pid))) throw new Error('old workers accept');
    });
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox[Symbol.asyncDispose]();
  }

  private flag(path: string, value: boolean): void {
    if (value) this.write(path, '');
    else rmSync(this.sandbox.path(path), { force: true });
  }

  #install(): void {
    const files = [...renderEdge(this.facts), ...renderBans(this.facts)];
    for (const { path, content } of files) this.write(path, content);
    const { links, absent } = edgeLinks(this.facts);
    for (const path of absent) rmSync(this.sandbox.path(path), { force: true });
    for (const { path, target } of links) symlinkSync(target, this.sandbox.path(path));
    const { runtime, firstbootRuntime } = this.facts.paths;
    for (const directory of [ACME_ROOT, runtime, firstbootRuntime]) {
      mkdirSync(this.sandbox.path(directory), { recursive: true });
    }
  }

  async #makeCertificate(): Promise<void> {
    const { tls } = this.facts.paths;
    mkdirSync(this.sandbox.path(tls), { recursive: true });
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const files = ['-keyout', `${tls}/key.pem`, '-out', `${tls}/cert.pem`];
    await this.sandbox.run([
      'openssl',
      'req',
      '-x509',
      ...key,
      ...files,
      '-days',
      '2',
      '-subj',
      '/CN=first-boot',
    ]);
  }

  /** Process ids, as the sandbox counts them, of the workers that accept connections. */
  #workers(): string[] {
    const master = this.read('/run/nginx.pid').trim();
    const children = this.read(`/proc/${master}/task/${master}/children`).trim().split(' ');
    return children.filter((pid) => !this.read(`/proc/${pid}/cmdline`).includes('shutting down'));
  }

  async #listening(): Promise<void> {
    await until('nginx listens', 10 * SECOND, async () => {
      (await this.sandbox.connect(this.facts.ports.https)).destroy();
    });
  }
}
