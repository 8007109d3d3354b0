/** Why a metadata service did not tell what was asked: the message is for the operator. */
export class MetadataError extends Error {
  /** The service may be starting, throttling or in trouble. */
  readonly worthRetrying: boolean;
  /** Nobody took the connection, so at another of the service's addresses somebody may. */
  readonly nobodyThere: boolean;

  constructor(
    message: string,
    { worthRetrying = false, nobodyThere = false, ...options }: MetadataErrorOptions = {},
  ) {
    super(message, options);
    this.worthRetrying = worthRetrying || nobodyThere;
    this.nobodyThere = nobodyThere;
  }
}

interface MetadataErrorOptions extends ErrorOptions {
  readonly worthRetrying?: boolean;
  readonly nobodyThere?: boolean;
}
