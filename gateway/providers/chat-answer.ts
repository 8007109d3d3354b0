import { JsonObjectFault, type Member, memberValue, type ObjectScan, scanObject } from './json-object.ts';
import { claimedStatus, garbled, providerError } from './provider-errors.ts';
import { spliceValue } from './splice.ts';

/** An answer that was not streamed, with the client's model name in it. */
export interface ChatAnswer {
  readonly body: Buffer;
  readonly responseId: string | null;
  readonly usage: unknown;
  /** Parses the choices; only for an answer without usage. */
  readonly choices: () => unknown;
}

export interface AnswerSource {
  readonly provider: string;
  readonly apiKey: string | null;
  /** The name that replaces `model`. */
  readonly model: string;
}

function read(scan: ObjectScan, name: string): unknown {
  const member = scan.find(name);
  return member === undefined ? undefined : memberValue(scan, member);
}

function refuseErrorBody(scan: ObjectScan, { provider, apiKey }: AnswerSource): void {
  if (!scan.has('error') || scan.has('choices')) return;
  const error = read(scan, 'error');
  if (error === null) return;
  throw providerError({ status: claimedStatus(error), text: scan.bytes.toString(), provider, apiKey });
}

function withModel(scan: ObjectScan, model: string): Buffer {
  const member: Member | undefined = scan.find('model');
  return member === undefined ? scan.bytes : spliceValue(scan, member, JSON.stringify(model));
}

/** Reads what accounting needs from an answer's bytes. Throws GatewayError upstream when it is no chat completion. */
export function readChatAnswer(bytes: Buffer, source: AnswerSource): ChatAnswer {
  try {
    const scan = scanObject(bytes);
    refuseErrorBody(scan, source);
    if (!scan.has('choices')) throw garbled(source.provider, 'answered without choices');
    const id = read(scan, 'id');
    return {
      body: withModel(scan, source.model),
      responseId: typeof id === 'string' && id !== '' ? id : null,
      usage: read(scan, 'usage'),
      choices: () => read(scan, 'choices'),
    };
  } catch (fault) {
    if (!(fault instanceof JsonObjectFault)) throw fault;
    throw garbled(source.provider, 'answered something that is not JSON', fault);
  }
}
