import { GatewayError } from '../../http/errors.ts';
import { type ChatRequest, readMember } from './chat-request.ts';

/** What a body has at a path; undefined where it has nothing there. */
function valueAt({ scan }: ChatRequest, path: string): unknown {
  const [first = '', ...rest] = path.split('.');
  let value = readMember(scan, first);
  for (const name of rest) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

/** Throws GatewayError bad_request, naming the first of these parameters that a call lacks; null and '' are not sent. */
export function requireParams(chat: ChatRequest, names: readonly string[]): void {
  const missing = names.find((name) => [undefined, null, ''].includes(valueAt(chat, name) as null));
  if (missing === undefined) return;
  throw new GatewayError(
    'bad_request',
    `This call lacks \`${missing}\`, which its key, or the operator of this gateway, requires of every call`,
    { param: missing },
  );
}

/** Throws GatewayError user_required where the operator wants to know of every call whom it is for. */
export function requireUser({ user }: ChatRequest): void {
  if (user !== null) return;
  throw new GatewayError(
    'user_required',
    'Authentication Error, this call names no `user`, and general_settings.enforce_user_param requires one of every call',
  );
}
