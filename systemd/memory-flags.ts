/**
 * How V8 divides the gateway's memory. What lives long may have half of the machine: the rest is PostgreSQL's. What is young lies
 * in two halves of 16 MB instead of 64, and what has become old is looked at when it has doubled, not at four times: with 250
 * streams behind a saturated minute that is 250 MB instead of 400, and pauses are shorter; a call takes no more processor.
 */
export const gatewayMemoryFlags = [
  '--max-old-space-size-percentage=50',
  '--max-semi-space-size=16',
  '--heap-growing-percent=100',
] as const;
