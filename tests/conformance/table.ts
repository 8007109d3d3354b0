/**
 * What the reference promises (its MUST and SHOULD rows), as requests and answers, written by hand from it. Every route of the
 * gateway has at least one row: whoever adds a route adds its rows to the file of its subject, or a file to this list.
 */
import { absent } from './absent.ts';
import { audit } from './audit.ts';
import { budgets } from './budgets.ts';
import { chat } from './chat.ts';
import { customers } from './customers.ts';
import { health } from './health.ts';
import { keys } from './keys.ts';
import { models } from './models.ts';
import { organizations } from './organizations.ts';
import type { Row } from './row.ts';
import { settings } from './settings.ts';
import { spend } from './spend.ts';
import { tags } from './tags.ts';
import { teams } from './teams.ts';
import { ui } from './ui.ts';
import { users } from './users.ts';

export const table: readonly Row[] = [
  ...health,
  ...chat,
  ...keys,
  ...teams,
  ...users,
  ...organizations,
  ...customers,
  ...tags,
  ...budgets,
  ...models,
  ...audit,
  ...spend,
  ...settings,
  ...ui,
  ...absent,
];
