import { GatewayError } from './errors.ts';
import { limits } from './limits.ts';

/** How much the body of a request may hold, and what is answered to one that holds more. */
export class BodyLimit {
  readonly bytes: number;
  readonly #bySetting: boolean;

  /** `bytes` are what the operator says; null for what the gateway takes anyway. */
  constructor(bytes: number | null) {
    this.bytes = bytes ?? limits.bodyBytes;
    this.#bySetting = bytes !== null;
  }

  /** The refusal, after which the rest of the body is not read. */
  refusal(cause?: unknown): GatewayError {
    const most = `The request body is larger than ${this.bytes} bytes`;
    const options = { headers: { connection: 'close' }, cause };
    return this.#bySetting
      ? new GatewayError(
          'request_too_large',
          `${most}, which is general_settings.max_request_size_mb`,
          options,
        )
      : new GatewayError('too_large', most, options);
  }
}
