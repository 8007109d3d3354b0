import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { $ } from 'zx';
import { Failure } from './failure.ts';
import { sha256 } from './hash.ts';
import { places } from './places.ts';
import { ensureTools } from './tools.ts';

/** Where the pinned Ansible lies. */
export interface Ansible {
  readonly playbook: string;
  readonly galaxy: string;
  readonly lint: string;
  readonly python: string;
}

const environment = `${places.cache}/venv`;
const stamp = `${environment}/made-from`;
const requirements = `${places.ansible}/requirements.txt`;

/**
 * The Ansible of ansible/requirements.txt in an environment of its own, made when it is missing or was made from
 * other requirements or by another Python.
 */
export async function ensureAnsible(): Promise<Ansible> {
  await ensureTools('ansible');
  const python = (await $({ quiet: true })`python3 --version`).stdout.trim();
  const inputs = sha256(`${python}\n${readFileSync(requirements, 'utf8')}`);
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== inputs) await makeEnvironment(inputs);
  const program = (name: string) => `${environment}/bin/${name}`;
  return {
    playbook: program('ansible-playbook'),
    galaxy: program('ansible-galaxy'),
    lint: program('ansible-lint'),
    python: program('python3'),
  };
}

async function makeEnvironment(inputs: string): Promise<void> {
  process.stdout.write('installing the pinned Ansible, about half a minute\n');
  rmSync(environment, { recursive: true, force: true });
  mkdirSync(places.cache, { recursive: true });
  try {
    await $({ quiet: true })`python3 -m venv ${environment}`;
    await $({
      quiet: true,
    })`${environment}/bin/pip install -q --disable-pip-version-check -r ${requirements}`;
  } catch (cause) {
    throw new Failure(
      `the pinned Ansible could not be installed: ${(cause as Error).message.trim().split('\n').at(-1)}`,
      'see that pip reaches a package index from this machine, then run again',
      { cause },
    );
  }
  writeFileSync(stamp, inputs);
}
