import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

/** Reads a YAML file that has to fit a schema. Throws with every fault, each with its place. */
export function readYaml<T>(path: string, schema: object): T {
  const value: unknown = parse(readFileSync(path, 'utf8'));
  const ajv = new Ajv({ allErrors: true });
  const validate = ajv.compile<T>(schema);
  if (!validate(value)) throw new Error(`${path}: ${ajv.errorsText(validate.errors, { dataVar: 'it' })}`);
  return value;
}
