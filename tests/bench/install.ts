import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is installed and how; the same recipe is installed once and then found again. */
export interface Recipe {
  /** Versions and settings that, when they change, make an existing installation stale. */
  readonly pins: Readonly<Record<string, string>>;
  /** Fills the empty folder. */
  readonly install: (folder: string) => Promise<void>;
}

/**
 * Makes `folder` hold what the recipe installs. The mark is written last, so that an interrupted
 * installation is thrown away and begun again.
 */
export async function installOnce(folder: string, recipe: Recipe): Promise<void> {
  const mark = join(folder, '.installed');
  const digest = createHash('sha256').update(JSON.stringify(recipe.pins)).digest('hex');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === digest) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await recipe.install(folder);
  writeFileSync(mark, digest);
}
