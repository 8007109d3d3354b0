import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { inventedNames } from '../../config/known-keys.ts';
import { type JsonObject, jsonObject } from '../../http/body.ts';
import { badRequest } from './faults.ts';

/** One wrong member, in the form that LiteLLM's management endpoints report it. */
export interface Fault {
  readonly loc: readonly string[];
  readonly msg: string;
  readonly type: string;
}

/** A body or query of the wrong shape; answered as 422 `{"detail": [...]}` by `management`. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`).join('; '));
    this.faults = faults;
  }
}

/** The schemas are the routes' own; the schema of schemas would take a good part of the gateway's start. */
const options = { allErrors: true, allowUnionTypes: true, validateSchema: false };
const bodies = new Ajv(options);
const queries = new Ajv({ ...options, coerceTypes: true, useDefaults: true });

function fault(place: 'body' | 'query', { instancePath, keyword, params, message }: ErrorObject): Fault {
  const path = instancePath.split('/').slice(1);
  const missing = keyword === 'required' ? [String(params.missingProperty)] : [];
  const choices = keyword === 'enum' ? `: ${(params.allowedValues as unknown[]).join(', ')}` : '';
  return { loc: [place, ...path, ...missing], msg: `${message ?? keyword}${choices}`, type: keyword };
}

/** Compiled when it is first asked: all of them together would be a third of the gateway's start. */
function checker<T>(ajv: Ajv, place: 'body' | 'query', schema: object): (value: unknown) => T {
  let compiled: ValidateFunction<T> | undefined;
  return (value) => {
    compiled ??= ajv.compile<T>(schema);
    const validate = compiled;
    if (validate(value)) return value;
    throw new InvalidRequest((validate.errors ?? []).map((error) => fault(place, error)));
  };
}

/** Names that guides give to fields of LiteLLM, which drops them: the field that they mean. */
type Synonyms = Readonly<Record<string, string>>;

function withRightNames(body: JsonObject, synonyms: Synonyms): JsonObject {
  const named = Object.entries(synonyms).filter(([name]) => body[name] !== undefined);
  if (named.length === 0) return body;
  const renamed: Record<string, unknown> = { ...body };
  for (const [name, meant] of named) {
    if (body[meant] !== undefined) {
      throw badRequest(name, `'${name}' means '${meant}', which is given too; leave one of them out`);
    }
    renamed[meant] = body[name];
    delete renamed[name];
  }
  return renamed;
}

/** Throws GatewayError bad_request for a name that a guide made up: who sends it believes in what it says. */
function refuseInvented(body: JsonObject, known: ReadonlySet<string>): void {
  for (const name of Object.keys(body)) {
    const remedy = known.has(name) ? undefined : inventedNames.get(name);
    if (remedy !== undefined) throw badRequest(name, `'${name}' would do nothing: ${remedy}`);
  }
}

export interface BodyOptions {
  /** Fields that are known without being read: those that are refused when they ask for something. */
  readonly refused?: readonly string[];
  readonly synonyms?: Synonyms;
}

/** Reads JSON bodies of one shape. Throws GatewayError for what is no JSON object, InvalidRequest for a wrong member. */
export interface BodyReader<T> {
  (body: Buffer | undefined): T & JsonObject;
  /** Members of a body that nothing here knows. */
  ignored(body: Buffer | undefined): readonly string[];
}

/** Reads objects that are parts of a body too. */
export interface ObjectReader<T> extends BodyReader<T> {
  of(body: JsonObject): T & JsonObject;
}

/** JSON Schema of an object. */
export interface ObjectSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, object>>;
  readonly [keyword: string]: unknown;
}

export function bodyReader<T>(
  schema: ObjectSchema,
  { refused = [], synonyms = {} }: BodyOptions = {},
): ObjectReader<T> {
  const check = checker<T & JsonObject>(bodies, 'body', schema);
  const known = new Set([...Object.keys(schema.properties), ...refused, ...Object.keys(synonyms)]);
  const of = (body: JsonObject) => {
    refuseInvented(body, known);
    return check(withRightNames(body, synonyms));
  };
  return Object.assign((body: Buffer | undefined) => of(jsonObject(body)), {
    of,
    ignored: (body: Buffer | undefined) => Object.keys(jsonObject(body)).filter((name) => !known.has(name)),
  });
}

/** A reader of query strings of this shape; numbers and booleans are read from their text, defaults are filled in. */
export function queryReader<T>(schema: object): (query: unknown) => T {
  const check = checker<T>(queries, 'query', schema);
  return (query) => check({ ...(query as object) });
}
