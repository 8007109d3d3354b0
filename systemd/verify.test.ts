/** What systemd itself says of the units. */
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { $ } from 'zx';
import { machineFacts, readFacts } from '../appliance/index.ts';
import { exposureRule } from './exposure.ts';
import { renderUnits } from './render.ts';

const run = $({ quiet: true, nothrow: true });
const facts = readFacts();
const programs = [
  'opt/litellm/bin/node',
  ...['aide', 'find', 'rm', 'sh', 'ssh-keygen', 'sync', 'touch'].map((name) => `usr/bin/${name}`),
  'bin/sh',
  'usr/lib/systemd/systemd-sysctl',
  'usr/local/sbin/litellm-ctl',
  'usr/sbin/ip6tables-restore',
  'usr/sbin/iptables-restore',
];
/** Known to the systemd of every base, but not to that of an older build host. */
const NEWER_THAN_253 = /Unknown key( name)? '(RestartSteps|RestartMaxDelaySec)'/;

/** Units of the distribution that ours change, as its packages bring them. */
const packaged = readdirSync(new URL('fixtures/', import.meta.url));
/** An instance for the one that is a template. */
const instances: Readonly<Record<string, string>> = { 'postgresql@.service': 'postgresql@17-main.service' };

async function systemdVersion(): Promise<number> {
  return Number(/systemd (\d+)/.exec((await run`systemd-analyze --version`).stdout)?.[1]);
}

async function complaints(root: string, units: readonly string[]): Promise<string[]> {
  const { stdout, stderr } = await run`systemd-analyze verify --man=no --root=${root} ${units}`;
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
  const old = (await systemdVersion()) < 254;
  return lines.filter((line) => !(old && NEWER_THAN_253.test(line)));
}

describe.each(Object.keys(facts.bases))('on %s', (base) => {
  const files = renderUnits(machineFacts(facts, base, 'qemu', 'test'));
  const units = files
    .map(({ path }) => path)
    .filter((path) => /system\/[^/]+\.(path|service|timer)$/.test(path));
  let root: string;

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'units-'));
    cpSync('/usr/lib/systemd/system', join(root, 'usr/lib/systemd/system'), {
      recursive: true,
      verbatimSymlinks: true,
    });
    for (const program of programs) {
      mkdirSync(dirname(join(root, program)), { recursive: true });
      cpSync('/bin/true', join(root, program), { dereference: true });
    }
    for (const name of packaged) {
      cpSync(new URL(`fixtures/${name}`, import.meta.url), join(root, 'usr/lib/systemd/system', name));
    }
    for (const { path, content } of files) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
  });

  afterAll(() => {
    rmSync(root, { recursive: true, force: true });
  });

  test('systemd has nothing to complain of', async () => {
    expect(
      await complaints(
        root,
        units.map((path) => join(root, path)),
      ),
    ).toEqual([]);
  });

  test('systemd would complain of a misspelt option', async () => {
    const broken = join(root, 'etc/systemd/system/broken.service');
    writeFileSync(broken, '[Service]\nExecStart=/opt/litellm/bin/node\nNoNewPriviledges=yes\n');
    expect((await complaints(root, [broken])).join()).toContain('NoNewPriviledges');
  });

  test('the preset ties the gateway to first boot, and who disables it unties it', async () => {
    const link = join(root, 'etc/systemd/system/litellm-firstboot.service.wants/litellm.service');
    const order = (verb: string) => run`systemctl --root=${root} ${verb} litellm.service`;
    expect((await order('preset')).exitCode).toBe(0);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect((await order('disable')).exitCode).toBe(0);
    expect(existsSync(link)).toBe(false);
  });

  const own = units
    .filter((path) => path.endsWith('.service'))
    .map((path) => path.split('/').at(-1) as string);

  test.each([...own, ...packaged.map((name) => instances[name] ?? name)])(
    'the exposure of %s is what is promised',
    async (name) => {
      const { limit } = exposureRule(name);
      expect(limit).toBeDefined();
      const threshold = `--threshold=${(limit ?? 0) * 10}`;
      const result =
        await run`systemd-analyze security --no-pager --offline=true --root=${root} ${threshold} ${name}`;
      expect(result.stdout).toContain('Overall exposure level');
      expect(result.exitCode, result.stdout.split('\n').at(-2)).toBe(0);
    },
  );
});
