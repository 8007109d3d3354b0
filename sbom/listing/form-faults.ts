import { Ajv, type ErrorObject } from 'ajv';
import type { Form, Marketplace } from './form.ts';
import { formSchema } from './limits.ts';

/** What a marketplace would refuse in a form: each fault names the field, what is wrong, and where the limit was read. */
export function formFaults(marketplace: Marketplace, form: Form): string[] {
  const schema = formSchema(marketplace);
  const validate = new Ajv({ allErrors: true, strictRequired: false }).compile(schema);
  if (validate(form)) return [];
  const sourceOf = ({ instancePath }: ErrorObject): string => {
    const field = schema.properties[instancePath.split('/')[1] ?? ''] as { $comment?: string } | undefined;
    return field?.$comment === undefined ? '' : ` (${field.$comment})`;
  };
  const faults = (validate.errors ?? [])
    // Why none of many sizes fits a picture is said once, by `contains`.
    .filter(({ keyword, schemaPath }) => keyword === 'contains' || !schemaPath.includes('/contains/'))
    .map((error) => `${describe(error)}${sourceOf(error)}`);
  return [...new Set(faults)];
}

function describe({ instancePath, keyword, params, message }: ErrorObject): string {
  const at = instancePath === '' ? 'the form' : instancePath.slice(1).replaceAll('/', '.');
  switch (keyword) {
    case 'additionalProperties':
      return `${at}: '${params.additionalProperty}' is no field of it`;
    case 'required':
      return `${at}: '${params.missingProperty}' is missing`;
    case 'contains':
      return `${at}: none of them is what is asked for`;
    case 'pattern':
      return `${at}: must match ${params.pattern}`;
    default:
      return `${at}: ${message ?? keyword}`;
  }
}
