import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import {
  type AptRootOptions,
  cached,
  dropOthers,
  Failure,
  openAptRoot,
  programFailure,
  sha256,
  shellFor,
  type Work,
} from '../../packer/index.ts';
import type { Product, ScapContent } from './content.ts';
import { withoutPlatform } from './foreign-content.ts';

/** Where the kit lies in a machine that is judged. Not below /tmp or /run: nothing may be run from there. */
export const KIT_IN_MACHINE = '/opt/cis-judge';

/** Scanner and content in one directory that works wherever it is put: nothing of it is installed, so the machine stays what it is. */
export interface Kit {
  readonly directory: string;
  /** The same as a tar archive, for a machine that cannot be shown the directory. */
  readonly archive: string;
}

/** Which content goes into a kit. */
export interface KitContent {
  /** What the machine is judged by: `content.xml` of the kit. */
  readonly product: Product;
  /** What it is tried with although it is for another system: `rehearsal.xml`. */
  readonly rehearsal?: Product;
}

const SCANNER = ['openscap-scanner', 'openscap-common'];
/** Parts of the packages that a scan does not need; the schemas are 65 MB and the content is pinned by its hash. */
const NOT_NEEDED = [
  'share/doc',
  'share/man',
  'share/lintian',
  'share/bash-completion',
  'share/openscap/schemas',
];

/**
 * Makes the kit for machines of `tree`: the scanner comes from the tree's own archives, and libraries that the tree
 * lacks come along. Cached by the tree's packages and by the content.
 */
export async function ensureKit(
  tree: string,
  content: ScapContent,
  chosen: KitContent,
  work: Work,
): Promise<Kit> {
  const sources = sourcesOf(tree);
  const status = `${tree}/var/lib/dpkg/status`;
  const parts = [
    sources.replaceAll(tree, ''),
    readFileSync(status),
    JSON.stringify([content.packages, chosen]),
    WRAPPER,
  ];
  const id = sha256(parts.map((part) => sha256(part)).join('\n')).slice(0, 16);
  const kind = `kit-${chosen.product}`;
  const { directory, hit } = await cached('scap', `${kind}-${id}`, (unfinished) =>
    work.log.step('fetch the scanner', async () => {
      const kit = `${unfinished}/kit`;
      await unpackScanner(kit, `${unfinished}/apt`, { sources, status, signal: work.signal });
      writeContent(kit, content, chosen);
      writeFileSync(`${kit}/oscap`, WRAPPER, { mode: 0o755 });
      const owner = ['--owner=0', '--group=0'];
      await shellFor(work.signal)`tar -C ${kit} ${owner} -czf ${unfinished}/kit.tar.gz .`;
    }),
  );
  if (!hit) dropOthers(kind, directory);
  return { directory: `${directory}/kit`, archive: `${directory}/kit.tar.gz` };
}

async function unpackScanner(kit: string, aptDirectory: string, options: AptRootOptions): Promise<void> {
  const shell = shellFor(options.signal);
  mkdirSync(`${kit}/scanner`, { recursive: true });
  try {
    const apt = await openAptRoot(aptDirectory, options);
    for (const deb of await apt.downloadMissing(SCANNER)) await shell`dpkg-deb -x ${deb} ${kit}/scanner`;
  } catch (error) {
    throw programFailure(error, "see that the machine's own archives can be reached from here");
  }
  await shell`rm -rf ${aptDirectory} ${NOT_NEEDED.map((part) => `${kit}/scanner/usr/${part}`)}`;
}

function writeContent(kit: string, content: ScapContent, { product, rehearsal }: KitContent): void {
  copyFileSync(content.file(product), `${kit}/content.xml`);
  if (rehearsal === undefined) return;
  writeFileSync(`${kit}/rehearsal.xml`, withoutPlatform(readFileSync(content.file(rehearsal), 'utf8')));
}

/** Runs the scanner from where it lies. Its own libraries come first, the machine's follow. */
const WRAPPER = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
for libraries in "$here"/scanner/usr/lib/*-linux-gnu; do
  export LD_LIBRARY_PATH="$libraries"
done
export OSCAP_XSLT_PATH="$here/scanner/usr/share/openscap/xsl"
export OSCAP_CPE_PATH="$here/scanner/usr/share/openscap/cpe"
exec "$here/scanner/usr/bin/oscap" "$@"
`;

/** The apt sources of a root tree, with the keyrings that lie in it. Throws Failure when it has none. */
export function sourcesOf(tree: string): string {
  const directory = `${tree}/etc/apt/sources.list.d`;
  const files = existsSync(directory)
    ? readdirSync(directory)
        .filter((name) => name.endsWith('.sources'))
        .sort()
    : [];
  if (files.length === 0)
    throw new Failure(`no .sources file below ${directory}`, 'give the root tree of a machine');
  return files
    .map((name) => readFileSync(`${directory}/${name}`, 'utf8'))
    .join('\n')
    .replaceAll(/^(Signed-By:\s*)(\/)/gim, `$1${tree}$2`);
}
