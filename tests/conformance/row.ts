/**
 * The language of the conformance table. A row is one request and what has to be answered; rows of a section are asked in
 * their order, in one world, so a later row speaks of what an earlier one has made.
 */
import { expect } from 'vitest';
import { absentRoutes, type RouteDeclaration, routes } from '../../gateway/index.ts';

/** What a request carries beside its line. */
export interface Sent {
  readonly body?: object;
  /** The key; the master key where none is named, and null for a request without one. */
  readonly as?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Members of the answer that later rows of the section name as `<name>`, by that name. */
  readonly keep?: Readonly<Record<string, string>>;
  /** Text as it stands, in place of a JSON body. */
  readonly text?: string;
}

export interface Row {
  /** Section of the reference; `ours` where LiteLLM has no such route. */
  readonly section: string;
  readonly title: string;
  /** Method and path with its query, as they are sent. */
  readonly line: string;
  readonly sent: Sent;
  readonly status: number;
  /** What the answer holds, beside what is not named; undefined where only the status matters. */
  readonly answer: unknown;
}

type Written = readonly [title: string, line: string, sent: Sent, status: number, answer?: unknown];

/** Rows of one section of the reference: what is right, what is asked, and the status and the body that answer. */
export function section(number: string, rows: readonly Written[]): readonly Row[] {
  return rows.map(([title, line, sent, status, answer]) => ({
    section: number,
    title,
    line,
    sent,
    status,
    answer,
  }));
}

export const text: string = expect.any(String);
export const number: number = expect.any(Number);
/** ISO 8601 with milliseconds, in UTC. */
export const time: string = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
export const uuid: string = expect.stringMatching(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
export const hash: string = expect.stringMatching(/^[0-9a-f]{64}$/);
export const secret: string = expect.stringMatching(/^sk-[\w-]{22}$/);
/** Any list. */
export const list: readonly unknown[] = expect.any(Array);
export const some = (member: unknown): unknown => expect.arrayContaining([member]);
export const like = (members: object): unknown => expect.objectContaining(members);

/** The normal error envelope of §1.4. */
export function envelope(status: number, type: string, param: unknown = expect.anything()): object {
  return { error: { message: text, type, param, code: String(status) } };
}
/** The second form of §1.4, in which several management routes answer. */
export const detail = { detail: { error: text } };
/** The third form of §1.4: a member of the body, or of the query, is wrong. */
export const invalid = (member: string, _place: 'body' | 'query' = 'body'): object => ({
  detail: some(like({ loc: some(member), msg: text, type: text })),
});
/** The status alone says which place the fault has. */
export const unprocessable = { detail: some(like({ msg: text })) };

const every = Object.values<RouteDeclaration>({ ...routes, ...absentRoutes });
/** What is not built says so whatever the method is. */
const anyMethod = new Set(Object.values(absentRoutes).map(({ url }) => url));

const declared = every.map(({ method, url }) => ({
  name: `${method} ${url}`,
  // A route without a parameter is meant before one that has some.
  parameters: (url.match(/:\w+|\*/g) ?? []).length,
  pattern: new RegExp(
    `^${anyMethod.has(url) ? '[A-Z]+' : method} ${url.replace(/:\w+/g, '[^/]+').replace(/\*$/, '.+')}$`,
  ),
}));

/** The declared route that a request is for; undefined for none. */
export function routeOf({ line }: Pick<Row, 'line'>): string | undefined {
  const asked = line.split('?', 1)[0] as string;
  const found = declared.filter(({ pattern }) => pattern.test(asked));
  return found.sort((one, other) => one.parameters - other.parameters)[0]?.name;
}

/** Routes that the edge lets nobody from outside ask. */
export const privateNames: readonly string[] = every
  .filter(({ reach }) => reach === 'private')
  .map(({ method, url }) => `${method} ${url}`);

export const routeNames: readonly string[] = declared.map(({ name }) => name);
