import type { MachineFacts } from '../../appliance/index.ts';
import type { NpmPackage, Tool } from './npm-packages.ts';
import type { Distribution, OsPackage } from './os-packages.ts';
import type { OwnFile } from './own-files.ts';

/** Everything that the document tells about an image. */
export interface Content {
  readonly facts: MachineFacts;
  readonly distribution: Distribution;
  readonly osPackages: readonly OsPackage[];
  readonly npmPackages: readonly NpmPackage[];
  readonly files: readonly OwnFile[];
  readonly node: { readonly path: string; readonly version: string };
  /** Programs by their path on the machine, with the paths of the npm packages inside. */
  readonly bundles: ReadonlyMap<string, readonly string[]>;
  readonly tools: readonly Tool[];
  /** Of what the image was made from, never of the clock; undefined outside of git. */
  readonly time: Date | undefined;
}
