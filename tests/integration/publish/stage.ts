import { randomBytes } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListingFacts } from '../../../appliance/index.ts';
import { createLog, Failure, formatOf, sha256OfFile } from '../../../packer/index.ts';
import { type Clock, type Publication, publish } from '../../../publish/index.ts';
import type { Between, Passing } from '../../harness/between.ts';
import { facts, SmallImage } from '../../harness/small-image.ts';

/** When everything here happens: a day after the image was made. */
const NOW = Date.parse('2026-11-27T12:00:00.000Z');

/** A clock that passes only where it is slept by, and remembers how long. */
export class TestClock implements Clock {
  readonly slept: number[] = [];
  #now = NOW;

  nowMs(): number {
    return this.#now;
  }

  async sleep(ms: number): Promise<void> {
    this.slept.push(ms);
    this.#now += ms;
  }
}

/** A cloud of the test: its emulator and its fakes behind a `Between`, and how a test looks at what came. */
export interface Stage {
  readonly target: string;
  readonly between: Between;
  readonly environment: () => Readonly<Record<string, string>>;
  /** A file that has data here and there, in the form the target takes. */
  readonly fill: (path: string) => Promise<void>;
  readonly diskBytes: number;
  /** Whether a request carries a piece of the file, and which. */
  readonly pieceOf: (request: Passing) => string | undefined;
  /** What publishing calls a request, as the cloud's reference does; undefined for one that is not publishing's own. */
  readonly nameOf: (request: Passing) => string | undefined;
  /** The name of the call that makes an image version. */
  readonly registration: string;
  /** How many image versions the cloud holds. */
  readonly versions: () => Promise<number>;
  /** How many of them an image becomes. */
  readonly versionsOfOne: number;
  /** What is printed of an image's versions. */
  readonly ids: (image: Rehearsed) => Readonly<Record<string, unknown>>;
  /** What nobody may read, of the environment and of all that was given out and sent so far. */
  readonly secrets: () => readonly string[];
  /** Forgets what only the first publication of all makes. */
  readonly forget: () => void;
}

/** How a publication ended that did not succeed. */
export interface Failed {
  readonly failure: Failure;
  /** How long was waited for the cloud to be done, or for it to answer. */
  readonly waits: readonly number[];
}

let versionsMade = 0;

/** Addresses that are nobody's example. */
export const buyersAreSentTo: ListingFacts = {
  website: 'https://lynxroute.com/',
  documentation: 'https://lynxroute.com/docs',
  support: 'https://lynxroute.com/help',
  privacy: 'https://lynxroute.com/privacy',
  terms: 'https://lynxroute.com/terms',
  eula: 'https://lynxroute.com/eula',
  contact: { name: 'Support', email: 'help@lynxroute.com', phone: '+49 30 1234567' },
};

/** An image of a version of its own, sealed as a rehearsal, and how it is published. */
export class Rehearsed implements Disposable {
  readonly image: SmallImage;
  readonly clock = new TestClock();
  readonly file: string;
  readonly version: string;
  readonly #stage: Stage;
  readonly #memory = mkdtempSync(join(tmpdir(), 'publish-memory-'));
  #output = '';

  private constructor(stage: Stage, image: SmallImage, version: string) {
    this.#stage = stage;
    this.image = image;
    this.version = version;
    this.file = join(image.build, image.manifest.image.file);
  }

  static async create(stage: Stage): Promise<Rehearsed> {
    const { target, fill, diskBytes } = stage;
    const directory = mkdtempSync(join(tmpdir(), 'publish-file-'));
    const name = `small${formatOf(target).suffix}`;
    const made = join(directory, name);
    await fill(made);
    versionsMade += 1;
    const version = `1.0.${versionsMade}`;
    const file = { file: name, bytes: statSync(made).size, sha256: await sha256OfFile(made), diskBytes };
    const image = new SmallImage({ target, version, image: file });
    renameSync(made, join(image.build, name));
    rmSync(directory, { recursive: true });
    await image.seal(image.rehearsal());
    return new Rehearsed(stage, image, version);
  }

  /** Everything that was printed. */
  get output(): string {
    return this.#output;
  }

  publish(more: Readonly<Record<string, string>> = {}): Promise<Publication> {
    const { target, environment } = this.#stage;
    return publish({
      facts: {
        ...facts,
        version: this.version,
        listing: buyersAreSentTo,
      },
      environment: { ...environment(), TARGET: target, IMAGE: this.image.build, ...more },
      log: createLog({
        out: {
          write: (text) => {
            this.#output += text;
          },
        },
      }),
      clock: this.clock,
      signal: new AbortController().signal,
      rehearsalKeyFile: join(this.image.directory, 'rehearsal.key'),
      memory: this.#memory,
    });
  }

  /** Publishes what cannot be published now. */
  async failure(): Promise<Failed> {
    const before = this.clock.slept.length;
    const failure = await this.publish().then(
      () => new Error('it was published'),
      (error: Error) => error,
    );
    if (!(failure instanceof Failure)) throw failure;
    return { failure, waits: this.clock.slept.slice(before) };
  }

  [Symbol.dispose](): void {
    this.image[Symbol.dispose]();
    rmSync(this.#memory, { recursive: true, force: true });
  }
}

/** Writes a file of `bytes` with random data at these places, each `[offset, length]`. */
export async function sparseFile(
  path: string,
  bytes: number,
  data: readonly (readonly [number, number])[],
): Promise<void> {
  writeFileSync(path, '');
  truncateSync(path, bytes);
  await using file = await open(path, 'r+');
  for (const [offset, length] of data) await file.write(randomBytes(length), 0, length, offset);
}
