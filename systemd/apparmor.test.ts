/** What AppArmor's own parser says of the profiles, and that no program of ours runs without one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { machineFacts, type ProgramResult, readFacts, runProgram } from '../appliance/index.ts';
import { renderUnits } from './render.ts';

const facts = machineFacts(readFacts(), 'debian-13', 'qemu', 'test');
const files = renderUnits(facts);
const profiles = files.filter(({ path }) => path.startsWith('/etc/apparmor.d/'));
const services = files.filter(({ path }) => /system\/[^/]+\.service$/.test(path));

const directory = mkdtempSync(join(tmpdir(), 'apparmor-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Compiles a profile without loading it. */
function parse(content: string): Promise<ProgramResult> {
  const file = join(directory, 'profile');
  writeFileSync(file, content);
  return runProgram('apparmor_parser', ['--skip-kernel-load', '--skip-cache', file]);
}

test.each(profiles.map(({ path, content }) => [basename(path), content]))(
  'AppArmor understands the profile %s, which enforces',
  async (name, content) => {
    expect(await parse(content)).toMatchObject({ exitCode: 0 });
    expect(content).toMatch(new RegExp(`^profile ${name} flags=\\(attach_disconnected\\) \\{$`, 'm'));
  },
);

test('AppArmor would complain of a misspelt rule', async () => {
  const [profile] = profiles;
  const broken = profile?.content.replace('network inet stream', 'network inet streams') ?? '';
  expect(await parse(broken)).toMatchObject({ exitCode: expect.not.toBeOneOf([0]) });
});

test('whatever of ours runs on Node does so under a profile that is there', () => {
  const names = profiles.map(({ path }) => basename(path));
  const onNode = services.filter(({ content }) =>
    content.includes(`ExecStart=${facts.paths.program}/bin/node`),
  );
  expect(onNode.length).toBeGreaterThan(3);
  for (const { path, content } of onNode) {
    expect(names, path).toContain(/^AppArmorProfile=(.+)$/m.exec(content)?.[1]);
  }
});
