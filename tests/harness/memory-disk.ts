import { dirname } from 'node:path';

interface MemoryFile {
  /** What other processes see, and what a kill leaves. */
  cached: Buffer;
  /** What a power cut leaves. */
  durable: Buffer;
  /** Whether the name is on the disk. */
  named: boolean;
}

type Operation = 'create' | 'write' | 'sync' | 'read' | 'remove' | 'free';

/** A disk in memory that fails, waits and loses its power when the test says so; it does for the journal's `Disk`. */
export class MemoryDisk {
  readonly files = new Map<string, MemoryFile>();
  readonly #open = new Map<number, string>();
  #descriptors = 0;
  /** What fails now. */
  readonly failing = new Set<Operation>();
  /** How often each operation succeeded. */
  readonly done: Record<Operation, number> = { create: 0, write: 0, sync: 0, read: 0, remove: 0, free: 0 };
  free = Number.POSITIVE_INFINITY;
  /** What the making of full files and syncs wait for. */
  gate: Promise<void> = Promise.resolve();

  get openDescriptors(): number {
    return this.#open.size;
  }

  #attempt(operation: Operation): void {
    if (this.failing.has(operation)) throw Object.assign(new Error(`${operation} fails`), { code: 'ENOSPC' });
    this.done[operation]++;
  }

  #openFile(path: string, cached: Buffer, named: boolean): number {
    const descriptor = ++this.#descriptors;
    this.files.set(path, { cached, durable: Buffer.from(named ? cached : ''), named });
    this.#open.set(descriptor, path);
    return descriptor;
  }

  #file(descriptor: number): MemoryFile {
    const file = this.files.get(this.#open.get(descriptor) ?? '');
    if (file === undefined) throw new Error(`${descriptor} is no open file`);
    return file;
  }

  async createFull(path: string, bytes: number): Promise<number> {
    await this.gate;
    this.#attempt('create');
    return this.#openFile(path, Buffer.alloc(bytes), true);
  }

  createEmpty(path: string): number {
    this.#attempt('create');
    return this.#openFile(path, Buffer.alloc(0), false);
  }

  write(descriptor: number, bytes: Buffer, position: number): void {
    const file = this.#file(descriptor);
    const end = position + bytes.length;
    if (end > file.cached.length)
      file.cached = Buffer.concat([file.cached, Buffer.alloc(end - file.cached.length)]);
    // A write that fails may have taken a part.
    bytes.copy(file.cached, position, 0, this.failing.has('write') ? bytes.length >> 1 : bytes.length);
    this.#attempt('write');
  }

  async sync(descriptor: number): Promise<void> {
    const file = this.#file(descriptor);
    const seen = Buffer.from(file.cached);
    await this.gate;
    this.#attempt('sync');
    file.durable = seen;
  }

  async syncNames(directory: string): Promise<void> {
    await this.gate;
    this.#attempt('sync');
    for (const [path, file] of this.files) if (dirname(path) === directory) file.named = true;
  }

  close(descriptor: number): void {
    if (!this.#open.delete(descriptor)) throw new Error(`${descriptor} is no open file`);
  }

  async segments(directory: string): Promise<readonly string[]> {
    return [...this.files.keys()].filter((path) => dirname(path) === directory).sort();
  }

  async read(path: string): Promise<Buffer> {
    this.#attempt('read');
    return Buffer.from(this.files.get(path)?.cached ?? '');
  }

  async remove(path: string): Promise<void> {
    this.#attempt('remove');
    this.files.delete(path);
  }

  async freeBytes(): Promise<number> {
    this.#attempt('free');
    return this.free;
  }

  /** Ends the process that used it: what was written stays, also what was not synced. */
  kill(): void {
    this.#open.clear();
    this.failing.clear();
    this.gate = Promise.resolve();
  }

  /** Ends the machine that used it: what was not synced is gone. */
  cutPower(): void {
    this.kill();
    for (const [path, file] of this.files) {
      if (file.named) file.cached = Buffer.from(file.durable);
      else this.files.delete(path);
    }
  }
}
