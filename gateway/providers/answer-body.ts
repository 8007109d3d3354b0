import { StreamTranscript } from '../accounting/content/stream-transcript.ts';
import type { Call } from '../call.ts';
import { CollectedBody } from '../http/collected-body.ts';
import { limits } from '../http/limits.ts';
import type { AnswerHeaders } from './http/answer-parser.ts';
import { garbled } from './provider-errors.ts';
import { SseSplice } from './sse-splice.ts';

const MAX_ERROR_BYTES = 1024 * 1024;

/**
 * What an answer with this head is read into: a stream, or as a whole when it is none or an error. Throws GatewayError upstream
 * when it is not what was asked for.
 */
export function answerBody(
  status: number,
  headers: AnswerHeaders,
  { deployment: { provider }, streamed, modelGroup, showUsage, keeping }: Call,
): CollectedBody | SseSplice {
  if (status >= 300) return new CollectedBody(MAX_ERROR_BYTES);
  const encoding = headers.get('content-encoding');
  if (encoding !== undefined && encoding !== 'identity')
    throw garbled(provider, `compressed its answer (${encoding}) although asked not to`);
  if (!streamed) return new CollectedBody(limits.bodyBytes);
  if (!(headers.get('content-type') ?? '').toLowerCase().startsWith('text/event-stream'))
    throw garbled(provider, 'answered without a stream although asked for one');
  const transcript = keeping.content === 'content' ? new StreamTranscript(keeping.textLength) : null;
  return new SseSplice({ model: modelGroup, showUsage, transcript });
}
