/** A Packer that can play the template. */
export interface Packer {
  readonly path: string;
  readonly template: string;
  readonly environment: Readonly<Record<string, string>>;
}
