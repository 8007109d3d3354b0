import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { $ } from 'zx';
import { machineFacts, readFacts } from '../../appliance/index.ts';
import { rehearsalKey, sbomPath } from '../../sbom/index.ts';
import { SmallTree } from '../../tests/harness/small-tree.ts';
import { bundlePrograms } from '../bundle.ts';
import { installedPackages } from '../manifest.ts';
import { payloadFiles } from '../payload.ts';
import { places } from '../places.ts';
import { putReports } from '../ship-reports.ts';
import { takeLastStep } from './machine-copy.ts';

const scripts = `${places.packer}/marketplace`;
const directory = mkdtempSync(join(tmpdir(), 'scripts-'));
const run = $({ quiet: true, nothrow: true });
afterAll(() => rmSync(directory, { recursive: true }));

/** Runs `commands` as root of a copy of this machine's file system that is gone afterwards. */
const inCopy = (commands: string) => {
  const copy = [
    `mount -t tmpfs none ${directory}`,
    `mkdir ${directory}/upper ${directory}/work ${directory}/root`,
    `mount -t overlay none -o lowerdir=/,upperdir=${directory}/upper,workdir=${directory}/work ${directory}/root`,
    `exec chroot ${directory}/root sh -eu`,
  ];
  return run({ input: commands })`unshare --mount sh -euc ${copy.join('\n')}`;
};

const ACCOUNT = `
useradd --create-home build
mkdir /home/build/.ssh
echo key > /home/build/.ssh/authorized_keys
cp ${scripts}/last-step.sh /var/tmp/last-step
`;

test('the last step leaves nobody of the build, root without a password, no identity, and not itself', async () => {
  const { stdout, exitCode } = await inCopy(`${ACCOUNT}
    usermod --password '*LOCK*' root
    mkdir -p /root/.ssh /etc/sudoers.d
    touch /root/.ssh/authorized_keys /etc/sudoers.d/90-cloud-init-users /var/log/sudo.log
    BUILD_USER=build sh /var/tmp/last-step
    getent passwd build || echo no user
    getent shadow root | cut -d: -f2
    ls -A /home /root/.ssh /etc/ssh/ssh_host_* /etc/sudoers.d/90-* /var/log/sudo.log /etc/*- /etc/hostname /var/tmp/last-step 2> /dev/null || echo nothing left
    wc -c < /etc/machine-id`);
  expect(stdout).toBe('no user\n*\n/home:\nnothing left\n0\n');
  expect(exitCode).toBe(0);
});

test('root, by whom a droplet is built, stays', async () => {
  const { stdout } = await inCopy(`${ACCOUNT}
    BUILD_USER=root sh /var/tmp/last-step
    getent passwd root | cut -d: -f1,3`);
  expect(stdout).toBe('root:0\n');
});

test.each(["''", '"$(openssl passwd -6 secret)"'])(
  'an account with the password %s fails the build',
  async (password) => {
    const { stderr, exitCode } = await inCopy(`${ACCOUNT}
    useradd guest
    usermod --password ${password} guest
    BUILD_USER=build sh /var/tmp/last-step`);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('these accounts have a password, or need none');
  },
);

test('on the copy that is judged, the same script does the same', async () => {
  const copy = mkdtempSync(join(directory, 'copy-'));
  const [upper, layer, root] = ['upper', 'work', 'root'].map((name) => `${copy}/${name}`);
  await run`mount -t tmpfs none ${copy}`;
  try {
    await run`mkdir ${upper} ${layer} ${root}`;
    await run`mount -t overlay none -o lowerdir=/,upperdir=${upper},workdir=${layer} ${root}`;
    await run({ input: ACCOUNT })`chroot ${root} sh -eu`;
    await takeLastStep(run({ nothrow: false }), root as string, 'build');
    expect(readFileSync(`${root}/etc/passwd`, 'utf8')).not.toContain('build:');
    expect(readFileSync(`${root}/etc/shadow`, 'utf8')).toMatch(/^root:\*:/m);
    expect((await run`ls -A ${root}/home ${root}/var/tmp/last-step.sh`).stdout).toBe(`${root}/home:\n`);
  } finally {
    await run`umount ${root}`;
    await run`umount ${copy}`;
  }
});

test('what the build host has signed is put in, and the machine says that it is that; the build of another fails', async () => {
  const facts = machineFacts(readFacts(), 'ubuntu-24.04', 'azure', 'a'.repeat(40));
  using signed = new SmallTree();
  const ours = [facts.paths.program, facts.paths.operator];
  const files = payloadFiles(facts, await bundlePrograms());
  for (const { path, content, mode } of files.filter((file) => ours.some((own) => file.path.startsWith(own))))
    signed.write(path, content, mode);
  signed.install('coreutils', '9.7-3', { lists: [] });
  const machine = join(directory, 'machine');
  await run({ nothrow: false })`cp -a ${signed.path} ${machine}`;
  signed.write(sbomPath(facts), '{}\n');
  writeFileSync(join(directory, 'cis-report.html'), 'report\n');
  const { name, version, base, target, commit } = facts;
  const put = putReports(signed.path, {
    facts,
    manifest: { name, version, base, target, commit, packages: installedPackages(signed.path) },
    key: rehearsalKey(join(directory, 'key.pem')),
    reports: [join(directory, 'cis-report.html')],
  });
  const given = [sbomPath(facts), ...put].map((path) => `.${path}`);
  const archive = join(directory, 'evidence.tar');
  await run({
    nothrow: false,
  })`tar --create --mode=0644 --file=${archive} --directory=${signed.path} ${given}`;
  const vendor = `/etc/${facts.vendor.directory}`;
  const finish = (change: string) =>
    inCopy(`${ACCOUNT}
      mkdir ${vendor}
      for part in etc opt usr; do cp -a ${machine}/$part/. /$part/; done
      cp ${archive} ${scripts}/last-step.sh /var/tmp/
      cp ${scripts}/finish.sh /run/finish
      ${change}
      PATH=${dirname(facts.paths.operator)}:$PATH BUILD_USER=build sh /run/finish || echo "ended with $?"
      stat --format='%a %u:%g %n' ${vendor}/*
      ls /var/tmp/evidence.tar /var/tmp/last-step.sh /run/finish 2> /dev/null || echo nothing left`);

  const { stdout } = await finish('');
  expect(stdout).toContain(`${facts.name} ${facts.version}, commit ${commit}: intact`);
  const modes = [...new Set(given)].sort().map((path) => `644 0:0 ${path.slice(1)}`);
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .slice(-modes.length - 1),
  ).toEqual([...modes, 'nothing left']);

  const changed = await finish(`echo more >> ${facts.paths.program}/LICENSES`);
  expect(changed.stdout).toContain(': changed');
  expect(changed.stdout).toContain('ended with 1');
}, 600_000);

const bin = join(directory, 'bin');
/** An AWS CLI that notes what it is asked, and says `support` of every AMI. */
function awsThatSays(support: string): void {
  mkdirSync(bin, { recursive: true });
  writeFileSync(
    `${bin}/aws`,
    `#!/bin/sh\necho "$*" >> ${bin}/calls\ncase $2 in describe-images) echo ${support} ;; esac\n`,
  );
  chmodSync(`${bin}/aws`, 0o755);
}
const requireImdsv2 = (manifest: string) =>
  run({ env: { PATH: `${bin}:${process.env.PATH}` } })`${scripts}/require-imdsv2 ${manifest}`;

const manifest = join(directory, 'ami.json');
beforeEach(() => rmSync(bin, { recursive: true, force: true }));

test('every AMI of the manifest is told to demand IMDSv2, and looked at', async () => {
  const builds = [{ name: 'aws', artifact_id: 'us-east-1:ami-0a1b2c3d,eu-west-1:ami-4e5f6071' }];
  writeFileSync(manifest, JSON.stringify({ builds }, null, 2));
  awsThatSays('v2.0');
  expect((await requireImdsv2(manifest)).exitCode).toBe(0);
  const calls = readFileSync(`${bin}/calls`, 'utf8').split('\n');
  expect(calls.filter((call) => call.includes('modify-image-attribute'))).toEqual([
    'ec2 modify-image-attribute --region us-east-1 --image-id ami-0a1b2c3d --imds-support v2.0',
    'ec2 modify-image-attribute --region eu-west-1 --image-id ami-4e5f6071 --imds-support v2.0',
  ]);
});

test('an AMI that does not note it, and a manifest without one, fail the build', async () => {
  writeFileSync(manifest, JSON.stringify({ builds: [{ artifact_id: 'us-east-1:ami-0a1b2c3d' }] }));
  awsThatSays('None');
  const refused = await requireImdsv2(manifest);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain("ami-0a1b2c3d in us-east-1 does not demand IMDSv2 (it says 'None')");
  writeFileSync(manifest, '{}');
  expect((await requireImdsv2(manifest)).stderr).toContain('no AMI is named');
});
