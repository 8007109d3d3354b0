import type { Dispatcher } from 'undici';
import { spendRecord } from '../../accounting/settle.ts';
import type { SpendSink } from '../../accounting/spend.ts';
import type { EndUserBlocks } from '../../admission/end-user-blocks.ts';
import { requireKeyModel, requireOwnerModel } from '../../admission/model-access.ts';
import { type Call, newCall } from '../../call.ts';
import type { ClientReply } from '../../http/client-reply.ts';
import type { Drain } from '../../http/drain.ts';
import { GatewayError } from '../../http/errors.ts';
import { toGatewayError } from '../../http/failure.ts';
import type { DirectHandler, DirectRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { logCall } from '../../observe/call-log.ts';
import type { LineLog, Logger } from '../../observe/logger.ts';
import { memberValue } from '../../providers/json-object.ts';
import { PassThrough } from '../../providers/pass-through.ts';
import type { ModelGroup } from '../../routing/model-group.ts';
import type { Plan } from '../../routing/plan.ts';
import { callHeaders, refusalHeaders } from './call-headers.ts';
import { type ChatRequest, readChatRequest } from './chat-request.ts';
import { upstreamBody } from './upstream-body.ts';

export interface ChatDeps {
  readonly plan: Plan;
  readonly dispatcher: Dispatcher;
  readonly spend: SpendSink;
  readonly drain: Drain;
  readonly endUserBlocks: Pick<EndUserBlocks, 'require'>;
  readonly logger: Logger;
  /** Gets one line per finished call. */
  readonly calls: LineLog;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly version: string;
  /** Whether a stream shows its usage also when the client does not say. */
  readonly alwaysIncludeUsage: boolean;
  /** Whether failed calls get a spend row. */
  readonly recordFailures: boolean;
  /** The file in which an operator sets provider keys, for messages. */
  readonly providersEnv: string;
}

function inactive(model: string, variable: string, providersEnv: string): GatewayError {
  return new GatewayError(
    'inactive_model',
    `The model '${model}' is configured but not active: set ${variable} in ${providersEnv}, then run \`systemctl restart litellm\``,
  );
}

/** The active group that serves the name, for a caller who may use it. */
function admit(request: ChatRequest, identity: Identity, deps: ChatDeps): ModelGroup {
  const { plan, providersEnv, endUserBlocks } = deps;
  const { model } = request;
  const group = plan.find(model);
  const requested = {
    names: group === undefined ? [model] : [model, group.name],
    accessGroups: group?.accessGroups ?? [],
  };
  requireKeyModel(identity, model, requested);
  requireOwnerModel(identity, model, requested);
  endUserBlocks.require(request.user);
  if (group === undefined) {
    throw new GatewayError(
      'unknown_model',
      `You passed in model=${model}. There are no healthy deployments for this model: GET /v1/models lists the names`,
    );
  }
  if (group.missingVariable !== null) throw inactive(model, group.missingVariable, providersEnv);
  return group;
}

function showsUsage({ streamOptions }: ChatRequest, always: boolean): boolean {
  const wish = streamOptions?.include_usage;
  return typeof wish === 'boolean' ? wish : always;
}

/** The messages, parsed; their text when they are no JSON, of which the scan of the body looks at brackets alone. */
function messagesOf({ scan }: ChatRequest): unknown {
  const member = scan.members.get('messages');
  if (member === undefined) return null;
  try {
    return memberValue(scan, member);
  } catch {
    return scan.bytes.toString('utf8', member.valueStart, member.valueEnd);
  }
}

class ChatCompletions {
  readonly #deps: ChatDeps;
  readonly #headers: (call: Call) => Readonly<Record<string, string>>;
  readonly #finished: (call: Call) => void;

  constructor(deps: ChatDeps) {
    this.#deps = deps;
    this.#headers = (call) => callHeaders(call, deps.version);
    this.#finished = (call) => this.#record(call);
  }

  #record(call: Call): void {
    const { spend, calls, recordFailures } = this.#deps;
    if (call.failure === null || recordFailures) spend.record(spendRecord(call));
    logCall(calls, call);
  }

  /** Nothing is returned: the answer is written when the provider's arrives. */
  handle(request: DirectRequest, client: ClientReply): void {
    try {
      this.#start(request, client);
    } catch (refusal) {
      const { logger, version } = this.#deps;
      client.fail(toGatewayError(refusal, request.id, logger), refusalHeaders(request.identity, version));
    }
  }

  #start(request: DirectRequest, client: ClientReply): void {
    const deps = this.#deps;
    const { identity } = request;
    const chat = readChatRequest(request.body);
    const deployments = admit(chat, identity, deps).take();
    const [first] = deployments;
    if (first === undefined)
      throw new GatewayError('no_deployment', 'No deployments available for this model');
    const call = newCall({
      id: request.id,
      startedAt: deps.now(),
      identity,
      requesterIp: request.ip,
      modelGroup: chat.model,
      endUser: chat.user,
      streamed: chat.streamed,
      showUsage: showsUsage(chat, deps.alwaysIncludeUsage),
      ignoredFields: chat.ignored,
      deployment: first,
    });
    deps.drain.enter();
    const passThrough = new PassThrough(deps, {
      call,
      client,
      deployments,
      bodyFor: (deployment) => upstreamBody(chat, deployment),
      messages: () => messagesOf(chat),
      headers: this.#headers,
      finished: this.#finished,
    });
    client.onClose((whole) => {
      try {
        if (!whole) passThrough.clientGone();
      } finally {
        deps.drain.leave();
      }
    });
    passThrough.start();
  }
}

/** Handlers of chat completions, under both of their paths. */
export function chatHandlers(
  deps: ChatDeps,
): Pick<Handlers, 'chatCompletions' | 'chatCompletionsUnversioned'> {
  const chat = new ChatCompletions(deps);
  const handle: DirectHandler = (request, client) => chat.handle(request, client);
  return { chatCompletions: handle, chatCompletionsUnversioned: handle };
}
