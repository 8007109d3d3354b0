import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { Failure } from './failure.ts';
import { places } from './places.ts';

/** The programs that run on the machine: what they are called there, and where they begin. */
const PROGRAMS = {
  'gateway.mjs': 'gateway/main.ts',
  'migrate.mjs': 'gateway/migrate.ts',
  'firstboot.mjs': 'firstboot/main.ts',
  'litellm-ctl.mjs': 'operator/main.ts',
  // The gateway's tokenizer, a thread that it starts on need, and what that imports on need.
  'tokenizer-worker.mjs': 'gateway/accounting/tokenizer-worker.ts',
  'o200k_base.mjs': 'node_modules/gpt-tokenizer/esm/encoding/o200k_base.js',
  'cl100k_base.mjs': 'node_modules/gpt-tokenizer/esm/encoding/cl100k_base.js',
  // Where counters of limits are shared.
  'redis-client.mjs': 'gateway/admission/limits/redis/redis-client.ts',
} as const;

/**
 * What the gateway imports only on need stays out of its bundle and is found beside it: 6 MB of tokens, of which most calls
 * need one half or none, and a client of Redis, which most machines do not have.
 */
const onNeed: Plugin = {
  name: 'on-need',
  setup({ onResolve }) {
    onResolve({ filter: /^gpt-tokenizer\/encoding\/|\/redis-client\.ts$/ }, ({ path, kind }) =>
      kind === 'dynamic-import' ? { path: `./${basename(path, '.ts')}.mjs`, external: true } : undefined,
    );
  },
};

/**
 * What an ES module imports from Node is asked for each of its exports: of node:http one is the whole fetch client, a tenth
 * of a program's start. `require` asks for nothing.
 */
const builtIns: Plugin = {
  name: 'built-ins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'built-in' } : undefined,
    );
    onLoad({ filter: /^/, namespace: 'built-in' }, ({ path }) => ({
      contents: `module.exports = require('${path}')`,
    }));
  },
};

/** Packages in the bundles that are written for CommonJS ask for `require`, which an ES module does not have. */
const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** One program, ready to run by the pinned Node without node_modules. */
export interface Bundle {
  readonly name: string;
  readonly code: string;
  /** Licence comments of the packages inside. */
  readonly licences: string;
  /** Packages inside, by their directory below node_modules. */
  readonly packages: readonly string[];
}

/** Bundles every program. Readable on the machine: nothing is shortened. Throws Failure naming what does not resolve. */
export async function bundlePrograms(): Promise<Bundle[]> {
  return Promise.all(Object.entries(PROGRAMS).map(([name, entry]) => bundle(name, entry)));
}

async function bundle(name: string, entry: string): Promise<Bundle> {
  if (!existsSync(`${places.root}/${entry}`))
    throw new Failure(`${entry} is missing`, 'the image needs all of its programs');
  const result = await build({
    entryPoints: [entry],
    absWorkingDir: places.root,
    outfile: name,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    legalComments: 'linked',
    banner: { js: BANNER },
    loader: { '.sql': 'text', '.hbs': 'text', '.css': 'text' },
    // An optional native driver that pg looks for and that is not installed.
    external: ['pg-native'],
    plugins: [onNeed, builtIns],
    logLevel: 'silent',
  }).catch((cause: Error) => {
    throw new Failure(`${entry} cannot be bundled: ${cause.message}`, 'correct the import that is named', {
      cause,
    });
  });
  const text = (suffix: string) => result.outputFiles.find(({ path }) => path.endsWith(suffix))?.text ?? '';
  return {
    name,
    code: text('.mjs').replace(/^\/\*! For license information.*\*\/\n?$/m, ''),
    licences: text('.LEGAL.txt'),
    packages: packagesIn(Object.keys(result.metafile.inputs)),
  };
}

/** Directories of the packages that these files belong to, each once, in order. */
export function packagesIn(files: readonly string[]): string[] {
  const found = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  return [...new Set(found)].sort();
}
