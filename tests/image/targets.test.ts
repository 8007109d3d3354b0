/**
 * The targets of which `make test` makes no image: what was baked becomes a machine of each and is sealed, up to where its
 * disk would be made, is held to what every image is, and says itself in a container what it has. `make soak` makes the
 * images and boots them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { machineFacts } from '../../appliance/index.ts';
import {
  createLog,
  hygieneFaults,
  hygieneRules,
  places,
  shellFor,
  startIsolated,
} from '../../packer/index.ts';
import {
  type Audit,
  auditContainer,
  type CheckResult,
  checkSbom,
  cisTailoredOut,
  productOf,
  type RootShell,
} from '../../sbom/index.ts';
import { BASE, sealedTree } from '../harness/machine-image.ts';
import { facts } from './appliance.ts';

const MINUTE = 60_000;
const work = { log: createLog(), signal: new AbortController().signal };

interface Sealed {
  /** What a second play of the target changed, a task a line. */
  readonly changes: string;
  readonly tree: string;
  readonly sbomCheck: CheckResult;
  /** Undefined where the benchmark is asked of the same rules as in the images that are made. */
  readonly audit: Audit | undefined;
  /** What the machine itself said, by the command. */
  readonly said: ReadonlyMap<string, string>;
}

const SSHD = 'sshd -T';
const GREETING = 'run-parts /etc/update-motd.d';

/** Makes a machine of the target, seals it, and asks it in a container. */
async function sealed(target: string): Promise<Sealed> {
  const settings = [`BASE=${BASE}`, `TARGET=${target}`, 'UNTIL=tree'];
  await shellFor(work.signal)({ cwd: places.root })`make image ${settings}`;
  const tree = sealedTree(target);
  const directory = dirname(tree);
  return {
    changes: readFileSync(`${directory}/target.changes`, 'utf8'),
    tree,
    sbomCheck: await checkSbom(tree, facts, readFileSync(`${directory}/evidence/sbom.json`, 'utf8')),
    ...(await asked(tree, target, directory)),
  };
}

/** The benchmark is asked too where it leaves out other rules than for the images that are made. */
async function asked(
  tree: string,
  target: string,
  directory: string,
): Promise<Pick<Sealed, 'audit' | 'said'>> {
  const said = new Map<string, string>();
  const alsoLook = async (shell: RootShell): Promise<void> => {
    for (const command of [SSHD, GREETING]) said.set(command, (await shell.run(command)).stdout);
  };
  const leftOut = (of: string): string => cisTailoredOut(BASE, of).join();
  if (leftOut(target) !== leftOut('qemu')) {
    const output = `${directory}/audit`;
    const audit = await auditContainer({ tree, product: productOf(BASE), target, output, alsoLook }, work);
    return { audit, said };
  }
  const place = { name: `target-${target}`, directory: `${directory}/machine` };
  const machine = await startIsolated({ tree, ...place, shown: {}, signal: work.signal });
  try {
    await alsoLook(machine);
  } finally {
    await machine.end();
  }
  return { audit: undefined, said };
}

describe.each(['aws', 'digitalocean'])('what was baked, as a machine of %s', (target) => {
  const wanted = machineFacts(facts, BASE, target, 'unknown');
  let made: Sealed;

  beforeAll(async () => {
    made = await sealed(target);
  }, 20 * MINUTE);

  const read = (path: string): string => readFileSync(made.tree + path, 'utf8');

  test('to make it one twice changes nothing', () => {
    expect(made.changes).toBe('');
  });

  test('its tree passes as that of an image does', () => {
    expect(hygieneFaults(made.tree, hygieneRules(facts))).toEqual([]);
    expect(made.sbomCheck).toMatchObject({ status: 'passed' });
    expect(made.audit?.check.status, made.audit?.check.detail).not.toBe('failed');
  });

  test('it knows for which target it was made', () => {
    const { commit: _, ...known } = JSON.parse(read(facts.paths.machineFacts));
    const { commit: __, ...meant } = wanted;
    expect(known).toEqual(meant);
  });

  test('cloud-init looks for its data in this cloud, and after that nowhere', () => {
    const settings = parse(read('/etc/cloud/cloud.cfg.d/95-litellm.cfg'));
    expect(settings.datasource_list).toEqual([...wanted.datasources, 'None']);
  });

  test("root's key opens SSH where the cloud has the buyer come as root, a password nowhere", () => {
    const lines = made.said.get(SSHD)?.split('\n');
    const root = { no: 'no', 'prohibit-password': 'without-password' }[wanted.sshRootLogin];
    expect(lines).toEqual(expect.arrayContaining([`permitrootlogin ${root}`, 'passwordauthentication no']));
    expect(lines).toContain(`clientaliveinterval ${wanted.sshKeepAliveSeconds}`);
    const settings = parse(read('/etc/cloud/cloud.cfg.d/95-litellm.cfg'));
    expect(settings.disable_root).toBe(wanted.sshRootLogin === 'no' ? undefined : false);
  });

  test('the benchmark leaves out the rule against it there, and only there', () => {
    const rule = 'sshd_disable_root_login';
    const leftOut = made.audit?.result.tailoredOut.map((each) => each.rule) ?? [];
    expect(leftOut.includes(rule)).toBe(wanted.sshRootLogin !== 'no');
  });

  test('the time comes from the cloud where that has servers of its own', () => {
    const place = '/etc/systemd/timesyncd.conf.d/target.conf';
    const servers = wanted.timeServers.join(' ');
    if (servers === '') expect(existsSync(made.tree + place)).toBe(false);
    else expect(read(place)).toMatch(new RegExp(`^\\[Time\\]\nNTP=\nNTP=${servers}\nFallbackNTP=$`, 'm'));
  });

  test('who logs in to a droplet is told where the credentials are, and the droplet says what it is', () => {
    const tag = '/var/lib/digitalocean/application.info';
    expect(existsSync(made.tree + tag)).toBe(target === 'digitalocean');
    const told = made.said.get(GREETING)?.includes(`sudo cat ${facts.paths.credentials}`);
    expect(told).toBe(target === 'digitalocean');
    if (target === 'digitalocean')
      expect(read(tag)).toBe(
        `application_name="${facts.vendor.name} ${facts.name}"\napplication_version="${facts.version}"\n`,
      );
  });
});
