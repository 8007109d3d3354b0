import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import {
  type AptRoot,
  cached,
  Failure,
  hostMirrors,
  openAptRoot,
  programFailure,
  sha256OfFile,
  shellFor,
  type Work,
} from '../../packer/index.ts';

/** The release of the SCAP Security Guide that the image is judged by. */
export const PINNED = {
  version: '0.1.82-1',
  packages: {
    'ssg-debian': 'cfde145916f1f37ec96c0fe2a9ea5f44a2db0ee6f0a2dacfcf86534c0977755a',
    'ssg-debderived': 'cf768175b58a48593d20660c93ed8b4e966593ec687a82468e2f1482f21a3a15',
  },
} as const;

/** Older content lacks the profiles. */
const OLDEST = '0.1.80';
/** The suites that carry it: the archive moves on in one of them before it does in the other. */
const SUITES = ['forky', 'sid'];

/** What the content knows, by its own names; the two bases and what they are rehearsed with. */
export const PRODUCTS = ['debian13', 'ubuntu2404'] as const;
export type Product = (typeof PRODUCTS)[number];

type PackageName = keyof typeof PINNED.packages;
const PACKAGE_NAMES = Object.keys(PINNED.packages) as PackageName[];

/** A package of the content as it was fetched. */
export interface ContentPackage {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  /** Whether this is the pinned one; otherwise the archive no longer had it. */
  readonly pinned: boolean;
}

/** The content that a scan goes by: files of the build host, which never enter an image. */
export interface ScapContent {
  readonly packages: readonly ContentPackage[];
  /** The data stream of a product. */
  file(product: Product): string;
}

/** Fetches the content when it is not in the cache, from the archive that this machine itself uses. */
export async function ensureScapContent(work: Work, cache?: string): Promise<ScapContent> {
  const { directory, hit } = await cached(
    'scap',
    `content-${PINNED.version}`,
    (unfinished) => work.log.step('fetch the SCAP Security Guide', () => fetchContent(unfinished, work)),
    cache,
  );
  const packages = JSON.parse(readFileSync(`${directory}/packages.json`, 'utf8')) as ContentPackage[];
  for (const { name, version, sha256, pinned } of packages) {
    if (!pinned) work.log.note(`${name} ${PINNED.version} is gone; judged by ${version}, SHA-256 ${sha256}`);
    else if (!hit) work.log.note(`${name} ${version}, as pinned`);
  }
  const file = (product: Product) => {
    const path = `${directory}/${fileOf(product)}`;
    if (!existsSync(path))
      throw new Failure(`the SCAP Security Guide has no content for ${product}`, `look into ${directory}`);
    return path;
  };
  return { packages, file };
}

async function fetchContent(directory: string, { signal }: Work): Promise<void> {
  const shell = shellFor(signal);
  const aptDirectory = `${directory}/apt`;
  const apt = await openHostApt(aptDirectory, signal);
  const packages: ContentPackage[] = [];
  const files = `${aptDirectory}/files`;
  for (const name of PACKAGE_NAMES) {
    const version = await chooseVersion(await apt.versions(name), name, (a, b) => isAtLeast(shell, a, b));
    const deb = await apt.download(name, version);
    packages.push(checkPackage(name, version, await sha256OfFile(deb)));
    await shell`dpkg-deb -x ${deb} ${files}`;
  }
  for (const product of PRODUCTS) {
    const from = `${files}/usr/share/xml/scap/ssg/content/${fileOf(product)}`;
    if (existsSync(from)) copyFileSync(from, `${directory}/${fileOf(product)}`);
  }
  rmSync(aptDirectory, { recursive: true });
  writeFileSync(`${directory}/packages.json`, `${JSON.stringify(packages, null, 2)}\n`);
}

function fileOf(product: Product): string {
  return `ssg-${product}-ds.xml`;
}

async function openHostApt(directory: string, signal: AbortSignal): Promise<AptRoot> {
  const { main, keyring } = await hostMirrors();
  const lines = [`Types: deb`, `URIs: ${main}`, `Suites: ${SUITES.join(' ')}`, 'Components: main'];
  try {
    return await openAptRoot(directory, {
      sources: [...lines, `Signed-By: ${keyring}`, ''].join('\n'),
      signal,
    });
  } catch (error) {
    throw programFailure(error, `see that ${main} can be reached and serves ${SUITES.join(' and ')}`);
  }
}

async function isAtLeast(
  shell: ReturnType<typeof shellFor>,
  version: string,
  least: string,
): Promise<boolean> {
  return (await shell({ nothrow: true })`dpkg --compare-versions ${version} ge ${least}`).exitCode === 0;
}

/** The pinned version while the archive has it, afterwards the newest. Throws Failure when that is too old. */
export async function chooseVersion(
  offered: readonly string[],
  name: string,
  atLeast: (version: string, least: string) => Promise<boolean>,
): Promise<string> {
  if (offered.includes(PINNED.version)) return PINNED.version;
  let newest: string | undefined;
  for (const version of offered) {
    if (newest === undefined || (await atLeast(version, newest))) newest = version;
  }
  if (newest === undefined || !(await atLeast(newest, OLDEST))) {
    throw new Failure(
      `the archive has ${name} ${newest ?? 'in no version'}, which is older than ${OLDEST}`,
      `use a mirror that serves ${SUITES.join(' or ')}`,
    );
  }
  return newest;
}

/** What was fetched, for the record. Throws Failure when it claims to be the pinned version and is not that file. */
export function checkPackage(name: PackageName, version: string, sha256: string): ContentPackage {
  const pinned = version === PINNED.version;
  if (pinned && sha256 !== PINNED.packages[name]) {
    throw new Failure(
      `${name} ${version} has the SHA-256 ${sha256}, not ${PINNED.packages[name]}`,
      'do not judge by it: find out who changed it',
    );
  }
  return { name, version, sha256, pinned };
}
