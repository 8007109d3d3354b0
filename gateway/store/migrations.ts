import { hash } from 'node:crypto';
import { migrationTexts } from './generated/migrations.ts';

/** One numbered step of the schema. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 over this text and its predecessor's hash, so that no applied step can change unseen. */
  readonly hash: string;
}

/** Numbers and chains migration texts. Throws when a name has no number or two have the same; one may be left out. */
export function chain(texts: Readonly<Record<string, string>>): readonly Migration[] {
  let previous = '';
  let last = 0;
  return Object.keys(texts)
    .sort()
    .map((name) => {
      const number = Number(/^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1]);
      if (!(number > last)) {
        throw new Error(
          `migration '${name}' must have a number above ${last}, written NNNN-what-it-does.sql`,
        );
      }
      last = number;
      const sql = texts[name] as string;
      previous = hash('sha256', `${previous}\n${sql}`);
      return { number, name, sql, hash: previous };
    });
}

/** The schema that this program was built with. */
export const migrations: readonly Migration[] = chain(migrationTexts);
