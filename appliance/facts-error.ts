/** appliance.yaml (or the machine's facts) holds something wrong; the message names each path and what would be right. */
export class FactsError extends Error {
  override readonly name = 'FactsError';
}
