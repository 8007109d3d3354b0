import { contentOf } from '../../accounting/content/content.ts';
import { draftRecord } from '../../accounting/draft.ts';
import { estimateTokens } from '../../accounting/estimate.ts';
import type { RowIds } from '../../accounting/row-id.ts';
import { spendRecord } from '../../accounting/settle.ts';
import type { SpendSink } from '../../accounting/spend.ts';
import { isOwnersBudget } from '../../admission/budget-exceeded.ts';
import type { CallBudgets } from '../../admission/call-budgets.ts';
import { type CallSize, tokenBound } from '../../admission/call-size.ts';
import type { EndUserBlocks } from '../../admission/end-user-blocks.ts';
import type { EndUserBudgets } from '../../admission/end-user-budgets.ts';
import type { Descriptors } from '../../admission/limits/descriptors.ts';
import { after, enterCall } from '../../admission/limits/enter-call.ts';
import type { Limit } from '../../admission/limits/limit-store.ts';
import type { Limits } from '../../admission/limits/limits.ts';
import { type LimitedTokens, reservedTokens, settledTokens } from '../../admission/limits/tokens.ts';
import { type Requested, requireKeyModel, requireOwnerModel } from '../../admission/model-access.ts';
import { type BudgetDeps, reserveCall } from '../../admission/reserve-call.ts';
import type { TagBudgets } from '../../admission/tag-budgets.ts';
import { type Call, newCall } from '../../call.ts';
import type { TagSettings } from '../../config/config.ts';
import type { CallReply, WritableHeaders } from '../../http/call-reply.ts';
import type { Drain } from '../../http/drain.ts';
import { GatewayError } from '../../http/errors.ts';
import { toGatewayError } from '../../http/failure.ts';
import type { DirectHandler, DirectRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import type { KeyStreams } from '../../identity/key-streams.ts';
import { meantModel } from '../../identity/model-aliases.ts';
import { logCall } from '../../observe/call-log.ts';
import type { LineLog } from '../../observe/logger.ts';
import type { Refusals } from '../../observe/refusals.ts';
import { PassThrough } from '../../providers/pass-through.ts';
import type { PassThroughDeps } from '../../providers/passage.ts';
import type { Deployment } from '../../routing/deployment.ts';
import type { ModelGroup } from '../../routing/model-group.ts';
import type { Plan } from '../../routing/plan.ts';
import { refusalHeaders, tellCall } from './call-headers.ts';
import { callSize, limitFor } from './call-size.ts';
import { readCaller } from './caller.ts';
import { type ChatRequest, messagesOf, namedByHeaders, readChatRequest } from './chat-request.ts';
import type { ContentPolicy } from './content-policy.ts';
import { requireParams, requireUser } from './required-params.ts';
import { upstreamBody } from './upstream-body.ts';

export interface ChatDeps extends BudgetDeps, PassThroughDeps {
  readonly plan: Pick<Plan, 'find'>;
  readonly limits: Limits;
  readonly limitedTokens: LimitedTokens;
  readonly descriptors: Descriptors;
  /** Headers by which the operator has customers named, in lower case. */
  readonly userHeaders: readonly string[];
  /** Whether every call must name its `user`, and parameters that it must have beside it. */
  readonly userRequired: boolean;
  readonly requiredParams: readonly string[];
  readonly spend: SpendSink;
  readonly rowIds: RowIds;
  readonly drain: Drain;
  readonly endUserBlocks: Pick<EndUserBlocks, 'require'>;
  /** Who cuts streams of keys that may not be used any more; null where they run to their end. */
  readonly streams: Pick<KeyStreams, 'enter'> | null;
  readonly budgets: CallBudgets;
  readonly endUserBudgets: Pick<EndUserBudgets, 'of'>;
  readonly tagBudgets: Pick<TagBudgets, 'of'>;
  readonly tagSettings: TagSettings;
  readonly refusals: Pick<Refusals, 'note'>;
  /** Gets one line per finished call. */
  readonly calls: LineLog;
  readonly version: string;
  /** Whether a stream shows its usage also when the client does not say. */
  readonly alwaysIncludeUsage: boolean;
  /** Whether calls leave spend rows. */
  readonly recordCalls: boolean;
  /** Whether failed calls that cost nothing get a spend row. */
  readonly recordFailures: boolean;
  readonly contentPolicy: ContentPolicy;
  /** Whether the lines of calls name their keys. */
  readonly logKeys: boolean;
  /** The file in which an operator sets provider keys, for messages. */
  readonly providersEnv: string;
}

function inactive(model: string, variable: string, providersEnv: string): GatewayError {
  return new GatewayError(
    'inactive_model',
    `The model '${model}' is configured but not active: set ${variable} in ${providersEnv}, then run \`systemctl restart litellm\``,
  );
}

/** What a call asks for: an alias of the key's or the team's is looked at as the model that it stands for. */
const requestedOf = (meant: string, group: ModelGroup | undefined): Requested => ({
  names: group === undefined ? [meant] : [meant, group.name],
  accessGroups: group?.accessGroups ?? [],
});

/**
 * What the model is called that a call asks for: by its client, by an alias of the key's or the team's, and by the operator. What
 * is set for one of them holds for all: another name is no way around it.
 */
const namesOf = ({ model }: ChatRequest, { aliases }: Identity, group: ModelGroup): readonly string[] => [
  ...new Set([model, meantModel(model, aliases), group.name]),
];

/** What stands against a call beside its key: whom the key acts for, and the customer that the call names. */
function requireOwner(
  chat: ChatRequest,
  identity: Identity,
  group: ModelGroup | undefined,
  { endUserBlocks }: ChatDeps,
): void {
  const meant = meantModel(chat.model, identity.aliases);
  requireOwnerModel(identity, chat.model, requestedOf(meant, group));
  endUserBlocks.require(chat.user);
}

/** The active group that serves the name, for a key that may use it. */
function groupFor(chat: ChatRequest, identity: Identity, deps: ChatDeps): ModelGroup {
  const { model } = chat;
  const meant = meantModel(model, identity.aliases);
  const group = deps.plan.find(meant, identity.teamId);
  requireKeyModel(identity, model, requestedOf(meant, group));
  if (group !== undefined && group.missingVariable === null) return group;
  requireOwner(chat, identity, group, deps);
  if (group?.missingVariable) throw inactive(model, group.missingVariable, deps.providersEnv);
  throw new GatewayError(
    'unknown_model',
    `You passed in model=${model}. There are no healthy deployments for this model: GET /v1/models lists the names`,
  );
}

/** What holds a call back. */
interface Held {
  /** The limits of the customer whom it names, and of its tags. */
  readonly limits: readonly Limit[];
  /** All budgets that it comes out of. */
  readonly scopes: readonly string[];
}

interface Admitted {
  readonly chat: ChatRequest;
  /** The limits of the customer whom the call names, and of its tags. */
  readonly named: readonly Limit[];
  readonly size: CallSize;
  readonly group: ModelGroup;
  readonly deployments: readonly Deployment[];
}

/**
 * What is looked at after the key's own budget, as LiteLLM orders it: the key's owner, and then the limits, on which the call
 * is counted. Gives back what the budget holds when the call is refused. Throws, or rejects with, GatewayError, rate_limited
 * among others.
 */
function admit(
  call: Call,
  { chat, named, size, group, deployments }: Admitted,
  deps: ChatDeps,
): void | Promise<void> {
  const refused = (refusal: unknown): never => {
    call.reservation?.release();
    throw refusal;
  };
  try {
    requireOwner(chat, call.identity, group, deps);
    if (deps.userRequired) requireUser(chat);
    requireParams(chat, [...call.identity.requiredParams, ...deps.requiredParams]);
    const whose = { identity: call.identity, models: call.modelNames, named };
    const tokens = reservedTokens(size, deps.limitedTokens);
    const limited = { limits: deps.descriptors.of(whose), deployments, tokens };
    const entered = enterCall(call, limited, deps.limits);
    return entered instanceof Promise ? entered.catch(refused) : entered;
  } catch (refusal) {
    return refused(refusal);
  }
}

function showsUsage({ streamOptions }: ChatRequest, always: boolean): boolean {
  const wish = streamOptions?.include_usage;
  return typeof wish === 'boolean' ? wish : always;
}

/** Where the price of a call cannot be kept, no call is made. */
function requireRecord(spend: SpendSink): void {
  if (spend.accepting()) return;
  throw new GatewayError(
    'no_space',
    'The gateway cannot record what calls cost, so it takes none: its disk is full or broken. Free space for its spend journal; the log names the directory',
    { headers: { 'retry-after': '5' } },
  );
}

class ChatCompletions {
  readonly #deps: ChatDeps;
  readonly #tellHeaders: (call: Call, into: WritableHeaders) => void;
  readonly #draft: (call: Call, sent: number) => void;
  readonly #finished: (call: Call) => void;

  constructor(deps: ChatDeps) {
    this.#deps = deps;
    this.#tellHeaders = (call, into) => tellCall(call, deps.version, into);
    this.#draft = (call, sent) => this.#replaceDraft(call, sent);
    this.#finished = (call) => this.#record(call);
  }

  /** A prompt that was answered is as long as it looks; one of which nothing is known may be longer. */
  #replaceDraft(call: Call, completion: number): void {
    const { spend, timers } = this.#deps;
    const prompt = Math.min(estimateTokens(call.bound.prompt), call.bound.prompt);
    spend.progress(draftRecord(call, { prompt, completion }, timers.now()));
  }

  /** A call that has cost something is recorded also when it failed: its budgets are charged by its row. */
  #record(call: Call): void {
    const { spend, calls, recordFailures, logKeys, limitedTokens } = this.#deps;
    const tokens = settledTokens(call, limitedTokens);
    call.admission?.finish(tokens);
    call.route?.finish(tokens);
    call.charges = call.reservation?.settle(call.spend) ?? [];
    if (call.failure === null || recordFailures || call.spend > 0n) {
      spend.finish(spendRecord(call, call.logged ? contentOf(call) : null));
    } else spend.discard(call.rowId);
    logCall(calls, call, logKeys);
  }

  /** Nothing is returned: the answer is written when the provider's arrives. */
  handle(request: DirectRequest, client: CallReply): void {
    try {
      this.#start(request, client);
    } catch (refusal) {
      this.#refuse(request, client, refusal);
    }
  }

  #refuse(request: DirectRequest, client: CallReply, refusal: unknown): void {
    const { logger, refusals, version } = this.#deps;
    const failure = toGatewayError(refusal, request.id, logger);
    refusals.note(request, failure);
    client.fail(failure, refusalHeaders(request.identity, version));
  }

  #start(request: DirectRequest, client: CallReply): void {
    const deps = this.#deps;
    const { identity } = request;
    const chat = namedByHeaders(readChatRequest(request.body), request.headers, deps.userHeaders);
    const group = groupFor(chat, identity, deps);
    const deployments = group.take();
    const [first] = deployments;
    if (first === undefined)
      throw new GatewayError('no_deployment', 'No deployments available for this model');
    requireRecord(deps.spend);
    const size = callSize(chat, deployments);
    const keeping = deps.contentPolicy.keepingOf(chat, request.headers, identity);
    const overruled = deps.contentPolicy.overruled(chat, request.headers);
    const models = namesOf(chat, identity, group);
    const call = newCall({
      id: request.id,
      rowId: deps.rowIds.next(),
      startedAt: deps.timers.now(),
      identity,
      requesterIp: request.ip,
      caller: readCaller(chat, request.headers, { own: identity.tags, settings: deps.tagSettings }),
      modelGroup: chat.model,
      modelNames: models,
      endUser: chat.user,
      logged: deps.recordCalls,
      keeping,
      asked: keeping.content === 'content' ? chat.scan.bytes : null,
      streamed: chat.streamed,
      showUsage: showsUsage(chat, deps.alwaysIncludeUsage),
      ignoredFields: overruled.length === 0 ? chat.ignored : [...chat.ignored, ...overruled],
      deployment: first,
      bound: tokenBound(size),
    });
    deps.drain.enter();
    const passThrough = new PassThrough(deps, {
      call,
      client,
      next: () => call.route?.next() ?? null,
      bodyFor: (deployment) => upstreamBody(chat, deployment, limitFor(deployment, call.maxTokensSet)),
      messages: () => messagesOf(chat),
      tellHeaders: this.#tellHeaders,
      draft: this.#draft,
      finished: this.#finished,
    });
    const byTags = deps.tagBudgets.of(call.caller.tags);
    const held = after(deps.endUserBudgets.of(chat.user), (customer): Held => {
      const named = { customer: customer.budgets, tags: byTags.budgets };
      return {
        limits: [...customer.limits, ...byTags.limits],
        scopes: deps.budgets.of({ identity, ...named, models }),
      };
    });
    // A call that waits for nothing: its client cannot leave meanwhile.
    const instant = !(held instanceof Promise) && held.scopes.length === 0 && !deps.limits.waits;
    const gone = instant ? null : new AbortController();
    client.onClose((whole) => {
      const leave = (): void => deps.drain.leave();
      if (whole) return leave();
      passThrough.clientGone(leave);
      gone?.abort();
    });
    // What stands against the key's owner is answered before a budget of the owner that has no room.
    const sooner = (refusal: unknown): never => {
      if (isOwnersBudget(refusal)) requireOwner(chat, identity, group, deps);
      throw refusal;
    };
    const begin = (): void => {
      if (gone?.signal.aborted) {
        call.admission?.cancel();
        call.route?.cancel();
        return;
      }
      deps.spend.begin(draftRecord(call, call.bound, call.startedAt));
      if (call.streamed && deps.streams !== null) {
        client.onClose(deps.streams.enter(identity, (reason) => passThrough.revoke(reason)));
      }
      // Behind what was begun, which is written at the end of the turn.
      setImmediate(() => passThrough.start());
    };
    const enter = (named: readonly Limit[]): void | Promise<void> => {
      if (gone?.signal.aborted) return;
      return after(admit(call, { chat, named, size, group, deployments }, deps), begin);
    };
    const pass = ({ limits, scopes }: Held): void | Promise<void> => {
      const reserving =
        gone === null || scopes.length === 0
          ? undefined
          : reserveCall({ call, scopes, size, deployments, signal: gone.signal }, deps);
      return reserving ? reserving.then(() => enter(limits), sooner) : enter(limits);
    };
    const sent = after(held, pass);
    if (sent instanceof Promise) {
      sent.catch((refusal) => {
        if (!gone?.signal.aborted) this.#refuse(request, client, refusal);
      });
    }
  }
}

/** Serves chat completions. */
export function chatHandler(deps: ChatDeps): DirectHandler {
  const chat = new ChatCompletions(deps);
  return (request, client) => chat.handle(request, client);
}

/** Handlers of chat completions, under both of their paths. */
export function chatHandlers(
  deps: ChatDeps,
): Pick<Handlers, 'chatCompletions' | 'chatCompletionsUnversioned'> {
  const handle = chatHandler(deps);
  return { chatCompletions: handle, chatCompletionsUnversioned: handle };
}
