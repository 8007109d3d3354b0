import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { type JsonObject, jsonObject } from '../../http/body.ts';

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

/** A reader of JSON bodies of this shape. Throws GatewayError for what is no JSON object, InvalidRequest for a wrong member. */
export function bodyReader<T>(schema: object): (body: Buffer | undefined) => T & JsonObject {
  const check = checker<T & JsonObject>(bodies, 'body', schema);
  return (body) => check(jsonObject(body));
}

/** A reader of query strings of this shape; numbers and booleans are read from their text, defaults are filled in. */
export function queryReader<T>(schema: object): (query: unknown) => T {
  const check = checker<T>(queries, 'query', schema);
  return (query) => check({ ...(query as object) });
}
