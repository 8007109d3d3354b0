import { randomUUID } from 'node:crypto';
import type { DeploymentConfig } from '../../config/config.ts';
import { publicName } from '../../config/model-team.ts';
import { GatewayError } from '../../http/errors.ts';
import type { DirectRequest } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { NO_ALIASES } from '../../identity/model-aliases.ts';
import { compileDeployment } from '../../routing/deployment.ts';
import { ModelGroup } from '../../routing/model-group.ts';
import { type ChatDeps, chatHandler } from './chat-completions.ts';
import { ProbeReply } from './probe-reply.ts';

/** What rows of probes are tagged with, as LiteLLM tags them. */
export const PROBE_TAG = 'litellm-internal-health-check';

/** Who has a model tried: the key that asks pays for it, and its limits hold. */
export interface Prober extends Pick<DirectRequest, 'route' | 'ip' | 'identity'> {
  /** Whether it waits no longer: what has not begun by then is not paid for. */
  readonly gone: () => boolean;
}

/** A silent provider is given up by its timeout, one that goes on speaking so much later. */
const SLOW_MS = 5000;

/** A probe bears the operator's own words alone: what callers must say, and call models, makes no difference to it. */
const proberOf = (identity: Identity): Identity => ({
  ...identity,
  aliases: { key: NO_ALIASES, team: NO_ALIASES },
  requiredParams: [],
  tags: { ...identity.tags, key: [...identity.tags.key, PROBE_TAG] },
});

/** So many at a time; the others wait for their turn in the order in which they came. */
class Turns {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(most: number) {
    this.#free = most;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}

/** Tries deployments by a call of a word each, which goes the way of every chat call: admitted, paid for and recorded. */
export class Probes {
  readonly #deps: ChatDeps;
  readonly #turns: Turns;

  /** `concurrency` is how many run at a time, whoever asks. */
  constructor(deps: ChatDeps, concurrency: number) {
    this.#deps = { ...deps, userRequired: false, requiredParams: [] };
    this.#turns = new Turns(concurrency);
  }

  /** Null when the deployment answered, else why it did not. */
  async probe(config: DeploymentConfig, prober: Prober): Promise<GatewayError | null> {
    const model = config.probe.model ?? config.upstreamModel;
    if (model.includes('*')) {
      return new GatewayError(
        'bad_request',
        `'${publicName(config)}' stands for many models: set health_check_model in its model_info to the one that is to be tried`,
      );
    }
    return this.#turns.run(() => this.#send(config, model, prober));
  }

  async #send(config: DeploymentConfig, model: string, prober: Prober): Promise<GatewayError | null> {
    if (prober.gone()) return new GatewayError('upstream_timeout', 'Nobody waits for the answer any more');
    const { probe } = config;
    const modelName = publicName(config);
    const { timers } = this.#deps;
    const timeoutMs = Math.min(config.timeoutMs, probe.timeoutMs);
    const deployment = compileDeployment({ ...config, timeoutMs }, timers.now(), model);
    const group = new ModelGroup(modelName, [deployment]);
    const reply = new ProbeReply();
    const longest = timeoutMs + SLOW_MS;
    const tooLate = timers.after(longest, () => reply.leave(longest));
    const body = {
      model: modelName,
      messages: [{ role: 'user', content: 'Hi' }],
      [deployment.row.output_limit ?? 'max_tokens']: probe.maxTokens,
    };
    chatHandler({ ...this.#deps, plan: { find: () => group } })(
      {
        id: randomUUID(),
        route: prober.route,
        ip: prober.ip,
        identity: proberOf(prober.identity),
        headers: {},
        body: Buffer.from(JSON.stringify(body)),
      },
      reply,
    );
    try {
      return await reply.answer;
    } finally {
      tooLate();
    }
  }
}
