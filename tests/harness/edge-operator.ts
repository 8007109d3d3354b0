import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Edge } from './nginx.ts';
import { operatorProgram } from './programs.ts';
import type { Attempt, AttemptOptions } from './sandbox.ts';

const DIRECTORY = '/var/lib/litellm-ctl';
const systemctl = fileURLToPath(new URL('edge-systemctl.sh', import.meta.url));

/** The operator's command as it is on the machine, beside an edge. */
export class EdgeOperator {
  readonly #edge: Edge;

  private constructor(edge: Edge) {
    this.#edge = edge;
  }

  /** Puts bundle and facts into the sandbox, and what first boot leaves that the command relies on. */
  static async install(edge: Edge): Promise<EdgeOperator> {
    edge.write(`${DIRECTORY}/litellm-ctl.mjs`, readFileSync(operatorProgram, 'utf8'));
    edge.write(`${DIRECTORY}/appliance.json`, JSON.stringify(edge.facts));
    edge.write(`${edge.facts.paths.firstbootState}/done`, '');
    edge.write('/etc/fail2ban/jail.d/litellm.conf', sshJail(edge));
    edge.write('/run/systemctl', readFileSync(systemctl, 'utf8'));
    await edge.sandbox.run(['chmod', '755', '/run/systemctl']);
    await edge.sandbox.run(['mount', '--bind', '/run/systemctl', '/usr/bin/systemctl']);
    return new EdgeOperator(edge);
  }

  /** `litellm-ctl access …`, to its end. */
  attempt(args: readonly string[], options: AttemptOptions = {}): Promise<Attempt> {
    return this.run(['access', ...args], options);
  }

  /** `litellm-ctl …`, to its end. */
  run(args: readonly string[], options: AttemptOptions = {}): Promise<Attempt> {
    return this.#edge.sandbox.attempt([process.execPath, `${DIRECTORY}/litellm-ctl.mjs`, ...args], options);
  }

  /** The same for a change, which must succeed; resolves when nginx has taken it over. */
  async access(args: readonly string[], options: AttemptOptions = {}): Promise<Attempt> {
    const result = await this.#edge.taken(() => this.attempt(args, options));
    if (result.exitCode !== 0) throw new Error(`access ${args.join(' ')}: ${result.stdout}${result.stderr}`);
    return result;
  }
}

/** The role's own file, for which Ansible is not needed: it holds one value. */
function sshJail({ facts }: Edge): string {
  const template = new URL(
    '../../ansible/roles/fail2ban/templates/etc/fail2ban/jail.d/litellm.conf.j2',
    import.meta.url,
  );
  return readFileSync(template, 'utf8').replace('{{ appliance.ports.ssh }}', String(facts.ports.ssh));
}
