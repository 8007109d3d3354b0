import type { IncomingHttpHeaders } from 'node:http';
import { KEEPS_NOTHING, type Keeping } from '../../accounting/content/content.ts';
import type { ContentSettings } from '../../config/config.ts';
import type { Identity } from '../../identity/identity.ts';
import { asksForRedaction } from '../../identity/redaction.ts';
import { type ChatRequest, readMember } from './chat-request.ts';

const NO_LOG = 'no-log';
const TURN_OFF = 'turn_off_message_logging';
/** LiteLLM's newer name, and its older one. */
const REDACT_HEADERS = ['x-litellm-enable-message-redaction', 'litellm-enable-message-redaction'] as const;
/** In LiteLLM whoever has a key lifts the operator's redaction with it; here it is said to do nothing. */
const LIFT_HEADER = 'litellm-disable-message-redaction';

const NONE: readonly string[] = [];

/** A request as far as it can say what is to be kept of it. */
export type Asked = Pick<ChatRequest, 'scan' | 'ours'>;

/**
 * Decides what of a call's words may outlive it. Operator, team, key and caller can each say that less is kept, and none of
 * them lifts what another has said. What cannot be read counts as a wish for less.
 * See docs/decisions/2026-11-28-what-is-said-is-kept-by-choice.md.
 */
export class ContentPolicy {
  readonly #settings: ContentSettings;
  readonly #redacted: Keeping;
  readonly #all: Keeping;

  constructor(settings: ContentSettings) {
    const { storePrompts, textLength, keepProviderWords } = settings;
    this.#settings = settings;
    this.#redacted = {
      ...KEEPS_NOTHING,
      content: storePrompts ? 'redacted' : 'nothing',
    };
    this.#all = {
      content: storePrompts ? 'content' : 'nothing',
      providerWords: keepProviderWords,
      textLength,
    };
  }

  keepingOf(chat: Asked, headers: IncomingHttpHeaders, identity: Pick<Identity, 'redacted'>): Keeping {
    const { storePrompts, keepProviderWords, redactMessages } = this.#settings;
    if (!storePrompts && !keepProviderWords) return KEEPS_NOTHING;
    if (this.#unlogged(chat)) return KEEPS_NOTHING;
    return redactMessages || identity.redacted || wantsRedaction(chat, headers) ? this.#redacted : this.#all;
  }

  #unlogged(chat: Asked): boolean {
    return !this.#settings.ignoreNoLog && says(chat, NO_LOG);
  }

  /** What of a request has no say, to be named in the answer. */
  overruled({ ours }: Asked, headers: IncomingHttpHeaders): readonly string[] {
    const noLog = this.#settings.ignoreNoLog && ours.includes(NO_LOG) ? [NO_LOG] : NONE;
    return headers[LIFT_HEADER] === undefined ? noLog : [...noLog, LIFT_HEADER];
  }
}

function says({ scan, ours }: Asked, name: string): boolean {
  return ours.includes(name) && asksForRedaction(readMember(scan, name));
}

function wantsRedaction(chat: Asked, headers: IncomingHttpHeaders): boolean {
  return says(chat, TURN_OFF) || REDACT_HEADERS.some((name) => asksForRedaction(headers[name]));
}
