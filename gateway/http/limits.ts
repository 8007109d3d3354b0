const SECOND = 1000;
const MINUTE = 60 * SECOND;
const MIB = 1024 * 1024;

/** Limits of the listening server. nginx's template reads the same numbers through gateway/index.ts. */
export const limits = {
  /** Largest request body: several images in base64 fit; OpenAI accepts 50 MB of images a request. */
  bodyBytes: 64 * MIB,
  /** A client has this long to send its whole request: a large body over a slow line. */
  requestMs: 5 * MINUTE,
  /** Idle keep-alive: longer than nginx's 60 s to the upstream, so that nginx is the side that closes. */
  keepAliveMs: 75 * SECOND,
  /** Silence between two bytes of an answer before the edge gives up: reasoning models can be quiet for minutes. */
  readMs: 10 * MINUTE,
  /** How long running streams may go on after SIGTERM. */
  drainMs: 60 * SECOND,
} as const;
