/** A JSON schema of an object that has these members, all of them, and no other. */
export function record(properties: Readonly<Record<string, object>>): object {
  return { type: 'object', additionalProperties: false, required: Object.keys(properties), properties };
}
