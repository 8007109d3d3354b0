import { blockedTeam } from '../http/access.ts';
import { GatewayError } from '../http/errors.ts';
import type { Logger } from '../observe/logger.ts';
import type { Identity } from './identity.ts';
import { subjects } from './subjects.ts';

export interface KeyStreamsOptions {
  /** Who calls with the key of this hash now. Throws GatewayError as authentication does. */
  readonly current: (keyHash: string) => Identity | Promise<Identity>;
  readonly logger: Pick<Logger, 'warn'>;
}

interface Stream {
  readonly identity: Identity;
  readonly cut: (reason: GatewayError) => void;
}

/** Refusals that say that a key may not be used; others say that nobody knows. */
const ENDS: readonly string[] = ['unknown_key', 'blocked_key', 'blocked_team', 'expired_key'];

function concerns(subject: string, { keyHash, teamId, userId }: Identity): boolean {
  if (subject === keyHash) return true;
  if (teamId !== null && subject === subjects.team(teamId)) return true;
  return userId !== null && subject === subjects.user(userId);
}

/** The streams that run. Hears of every change of keys: a stream whose key may not be used any more is cut. */
export class KeyStreams {
  readonly #options: KeyStreamsOptions;
  readonly #running = new Set<Stream>();

  constructor(options: KeyStreamsOptions) {
    this.#options = options;
  }

  /**
   * Notes a stream that begins; `cut` is called at most once, with what is to be told. The function returned takes it out.
   * Its key is looked at once: it may have been blocked since it was authenticated.
   */
  enter(identity: Identity, cut: (reason: GatewayError) => void): () => void {
    const stream = { identity, cut };
    this.#running.add(stream);
    if (identity.kind === 'virtual_key') this.#check(stream);
    return () => this.#running.delete(stream);
  }

  evict(subject: string): void {
    this.#checkWhere(({ identity }) => concerns(subject, identity));
  }

  clear(): void {
    this.#checkWhere(({ identity }) => identity.kind === 'virtual_key');
  }

  #checkWhere(matches: (stream: Stream) => boolean): void {
    for (const stream of this.#running) if (matches(stream)) this.#check(stream);
  }

  #check(stream: Stream): void {
    this.#require(stream).catch((error) => {
      if (!(error instanceof GatewayError && ENDS.includes(error.code))) {
        this.#options.logger.warn(
          { err: error },
          'whether the key of a stream is still good could not be read',
        );
      } else if (this.#running.delete(stream)) stream.cut(error);
    });
  }

  /** Throws GatewayError where the key of the stream may not be used. */
  async #require({ identity }: Stream): Promise<void> {
    const { team } = await this.#options.current(identity.keyHash);
    if (team?.blocked) throw blockedTeam();
  }
}
