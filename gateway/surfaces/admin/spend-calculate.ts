import { estimatedUsage, textsOf } from '../../accounting/estimate.ts';
import { usdFromPico } from '../../accounting/money.ts';
import { costOf, ratesFor } from '../../accounting/rates.ts';
import type { TokenCounter } from '../../accounting/token-counter.ts';
import { readUsage } from '../../accounting/usage.ts';
import { GatewayError } from '../../http/errors.ts';
import type { Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import type { Deployment } from '../../routing/deployment.ts';
import { isOpenTo, type Plan } from '../../routing/plan.ts';
import { badRequest } from './faults.ts';
import { management } from './management.ts';
import { bodyReader } from './validation.ts';

interface CalculateBody {
  readonly model?: string | null;
  readonly messages?: readonly unknown[] | null;
  readonly completion_response?: Readonly<Record<string, unknown>> | null;
}

const readCalculateBody = bodyReader<CalculateBody>({
  type: 'object',
  properties: {
    model: { type: ['string', 'null'] },
    messages: { type: ['array', 'null'] },
    completion_response: { type: ['object', 'null'] },
  },
});

export interface CalculateDeps {
  readonly plan: Plan;
  readonly counter: Pick<TokenCounter, 'count'>;
  readonly clock: () => number;
}

/** The deployment that serves a public name, or one whose provider calls its model so, as an answer does. */
function deploymentOf({ plan }: CalculateDeps, name: string, teamId: string | null): Deployment {
  const found =
    plan.find(name, teamId)?.take()[0] ??
    plan.entries.find((entry) => entry.deployment.upstreamModel === name && isOpenTo(entry, teamId))
      ?.deployment;
  if (found !== undefined) return found;
  throw new GatewayError('unknown_model', `No active model is called '${name}'; /v1/models lists them`, {
    param: 'model',
  });
}

/** What a prompt, or an answer, would cost at the prices of now. */
async function calculate(deps: CalculateDeps, body: CalculateBody, { teamId }: Identity) {
  const { messages = null, completion_response: answer = null } = body;
  const name = body.model ?? answer?.model;
  if (typeof name !== 'string' || name === '') {
    throw badRequest('model', "Name 'model' with 'messages', or send 'completion_response'");
  }
  if (messages === null && answer === null) {
    throw badRequest('messages', "'messages' must be provided if 'model' is provided");
  }
  const { upstreamModel: model, price, provider } = deploymentOf(deps, name, teamId);
  if (price === null) {
    throw new GatewayError(
      'unpriced_model',
      `No price is known for ${provider}/${model}: the operator sets input_cost_per_token and output_cost_per_token in the model's litellm_params or model_info`,
    );
  }
  const completion = { texts: textsOf(answer?.choices), atLeast: 0 };
  const told = readUsage(answer?.usage);
  const usage =
    told ?? readUsage(await estimatedUsage({ model, messages: messages ?? [], completion }, deps.counter));
  if (usage === null) return { cost: 0 };
  return { cost: usdFromPico(costOf(usage, ratesFor(price(deps.clock()), usage.prompt))) };
}

/** The handler of `/spend/calculate`. */
export function calculateHandlers(deps: CalculateDeps): Pick<Handlers, 'calculateSpend'> {
  return {
    calculateSpend: management((request, who) => calculate(deps, readCalculateBody(request.body), who), {
      body: readCalculateBody,
    }),
  };
}
