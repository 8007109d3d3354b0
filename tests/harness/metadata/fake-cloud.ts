import type { IncomingHttpHeaders } from 'node:http';
import type { CloudName } from '../../../firstboot/index.ts';

/** What a cloud knows about one machine; unset: it has none of these, and says so in its own way. */
export interface FakeInstance {
  readonly instanceId: string;
  readonly region: string;
  readonly hostName: string;
  readonly privateIpv4: string;
  readonly publicIpv4?: string;
  readonly publicIpv6?: string;
}

export interface FakeRequest {
  readonly method: string;
  /** Without what follows `?`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

export interface FakeAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The request waits for a change, which does not come. */
  readonly held?: true;
  /** Why the real service would not have served this request, or why nobody should have made it. */
  readonly violation?: string;
}

/** One cloud's metadata service, as strict as the real one, about one machine. */
export interface FakeCloud {
  readonly name: CloudName;
  answer(request: FakeRequest): FakeAnswer;
}

export function text(body: string, type = 'text/plain'): FakeAnswer {
  return { status: 200, type, body };
}

export function json(body: unknown): FakeAnswer {
  return { status: 200, type: 'application/json', body: JSON.stringify(body) };
}

/** What the service says of something that it knows and this machine does not have. */
export const none: FakeAnswer = { status: 404, type: 'text/plain', body: 'Not Found' };

export function refused(status: number, violation: string): FakeAnswer {
  return { status, type: 'text/plain', body: violation, violation };
}

export const unknownPath = refused(404, 'unknown path');

/** One text for each path; undefined: this machine does not have it. */
export function leaf(
  leaves: Readonly<Record<string, string | undefined>>,
  path: string,
  type?: string,
): FakeAnswer {
  if (!Object.hasOwn(leaves, path)) return unknownPath;
  const body = leaves[path];
  return body === undefined ? none : text(body, type);
}
