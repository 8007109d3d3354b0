/**
 * `make release`: image, checks and the publisher's signature from a clean tagged tree. BASE and TARGET choose (the base that
 * ships, qemu), SIGNING_KEY names the key, PREVIOUS the package list of the last release.
 */
import { $ } from 'zx';
import { readFacts } from '../../appliance/index.ts';
import { fingerprintOf } from '../../operator/index.ts';
import { gitOf, places, runCommand, shellFor } from '../../packer/index.ts';
import { releaseKey } from '../evidence/choose-key.ts';
import { PASSPHRASE, readPassphrase } from './passphrase.ts';
import { type ReleaseSteps, release } from './release.ts';

/** Variables that change what is made or leave something out. */
const SHORTCUTS = ['PLAYBOOK', 'KEEP', 'AUDIT', 'IMAGE'];

process.exitCode = await runCommand(async ({ log, signal }) => {
  const facts = readFacts();
  const { BASE, TARGET, SIGNING_KEY, PREVIOUS } = process.env;
  let passphrase: string | undefined;
  const steps: ReleaseSteps = {
    git: gitOf(shellFor(signal), places.root),
    make: async (target, variables) => {
      const secret = passphrase === undefined ? {} : { [PASSPHRASE]: passphrase };
      const env = { ...process.env, ...secret, ...variables };
      const child = $({ cwd: places.root, env, stdio: 'inherit', nothrow: true, signal });
      return (await log.step(`make ${target}`, async () => child`make ${target}`)).exitCode ?? 1;
    },
    key: () =>
      releaseKey(facts, SIGNING_KEY, async () => {
        passphrase = await readPassphrase();
        return passphrase;
      }),
    directoryOf: (base) => `${places.build}/${facts.name}-${facts.version}-${base}`,
  };
  const options = {
    base: BASE || (Object.keys(facts.bases)[0] as string),
    target: TARGET || 'qemu',
    previous: PREVIOUS,
    shortcuts: SHORTCUTS.filter((name) => process.env[name]),
  };
  const directory = await release(facts, options, steps);
  log.note(`released: ${directory}`);
  log.note(`signed with ${fingerprintOf(facts.publisher?.publicKey ?? '')}`);
});
