/** Something a person can act on: what went wrong, and what to do now. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly remedy: string;

  constructor(what: string, remedy: string, options?: ErrorOptions) {
    super(what, options);
    this.remedy = remedy;
  }
}
