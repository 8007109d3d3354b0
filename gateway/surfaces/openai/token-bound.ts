import type { TokenBound } from '../../call.ts';
import { memberValue } from '../../providers/json-object.ts';
import type { ChatRequest } from './chat-request.ts';

/** What a model makes at most that is told no limit. */
const DEFAULT_COMPLETION = 4096;

/** A count; undefined for what is none, which the provider will refuse. */
function count({ scan }: ChatRequest, name: string): number | undefined {
  const member = scan.members.get(name);
  if (member === undefined) return undefined;
  try {
    const value = memberValue(scan, member);
    return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The most tokens of a request: none of its prompt is shorter than a byte, and each of `n` answers is as long as it may be. */
export function tokenBound(request: ChatRequest): TokenBound {
  const each = count(request, 'max_completion_tokens') ?? count(request, 'max_tokens') ?? DEFAULT_COMPLETION;
  return { prompt: request.scan.bytes.length, completion: each * (count(request, 'n') ?? 1) };
}
