import { Spec, Validation } from '@cyclonedx/cyclonedx-library';

const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);

/** What the official schema of CycloneDX 1.6 has against a document; an empty list is a valid one. */
export async function schemaFaults(text: string): Promise<string[]> {
  let specVersion: unknown;
  try {
    specVersion = JSON.parse(text)?.specVersion;
  } catch (error) {
    return [`it is not JSON: ${(error as Error).message}`];
  }
  if (specVersion !== Spec.Version.v1dot6)
    return [`it is of CycloneDX ${specVersion}, not ${Spec.Version.v1dot6}`];
  const errors = (await validator.validate(text)) as null | readonly SchemaError[];
  return (errors ?? []).map(({ instancePath, message }) => `${instancePath || 'the document'} ${message}`);
}

/** What ajv says of a fault. */
interface SchemaError {
  readonly instancePath: string;
  readonly message?: string;
}
