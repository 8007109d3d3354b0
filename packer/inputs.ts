import { readFileSync } from 'node:fs';
import type { Base } from './base/base.ts';
import type { Play } from './driver.ts';
import { sha256, sha256OfTree } from './hash.ts';
import { places } from './places.ts';
import { shellFor } from './shell.ts';

/** Versions and hashes of everything that goes into an image. */
export interface Inputs {
  readonly base: { readonly id: string; readonly origin: Readonly<Record<string, unknown>> };
  readonly payload: string;
  readonly roles: string;
  readonly playbook: string;
  readonly template: string;
  readonly packageLock: string;
  readonly tools: Readonly<Record<string, string>>;
}

/** Hashes of what comes from this repository, but for the payload. */
export function sourceInputs(
  playbook: string,
  template: string,
): Pick<Inputs, 'roles' | 'playbook' | 'template' | 'packageLock'> {
  return {
    roles: sha256OfTree(places.ansible),
    playbook: sha256(readFileSync(playbook)),
    template: sha256OfTree(template),
    packageLock: sha256(readFileSync(`${places.root}/package-lock.json`)),
  };
}

/** Reads them all. */
export async function readInputs(
  base: Base,
  play: Play,
  payload: string,
  signal: AbortSignal,
): Promise<Inputs> {
  const shell = shellFor(signal);
  const firstLine = async (program: string, argument: string) =>
    (await shell`${program} ${argument}`).stdout.split('\n')[0] ?? '';
  return {
    base: { id: base.id, origin: base.origin },
    payload,
    ...sourceInputs(play.playbook, `${places.packer}/template`),
    tools: {
      node: process.version,
      packer: await firstLine(play.packer.path, 'version'),
      ansible: await firstLine(play.ansible.playbook, '--version'),
      mmdebstrap: await firstLine('mmdebstrap', '--version'),
      'qemu-img': await firstLine('qemu-img', '--version'),
      'systemd-nspawn': await firstLine('systemd-nspawn', '--version'),
      ...(play.lockdown && { 'ansible-lockdown': `${play.lockdown.name} ${play.lockdown.commit}` }),
    },
  };
}

/** The name under which the result of a bake is kept: whatever changes what is baked changes it. */
export function bakeId(inputs: Inputs, driver: string): string {
  const { base, payload, roles, playbook, template, tools } = inputs;
  const { ansible, 'ansible-lockdown': lockdown = null } = tools;
  const parts = [base.id, payload, roles, playbook, template, ansible, lockdown, driver];
  return sha256(JSON.stringify(parts)).slice(0, 16);
}
