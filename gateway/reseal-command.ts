import { openPool } from './store/pool.ts';
import { type Resealed, reseal } from './store/reseal.ts';
import { SaltKeys } from './store/sealed-text.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The key that seals from now on, and those that may have sealed before. Throws an Error where there is none. */
function saltKeys(environment: Environment): SaltKeys {
  const { LITELLM_SALT_KEY, LITELLM_SALT_KEY_PREVIOUS, LITELLM_MASTER_KEY } = environment;
  if (!LITELLM_SALT_KEY) throw new Error('LITELLM_SALT_KEY is not set: give the key that seals from now on');
  const earlier = [LITELLM_SALT_KEY_PREVIOUS, LITELLM_MASTER_KEY].flatMap((key) => key || []);
  return new SaltKeys(LITELLM_SALT_KEY, earlier);
}

/** The report for a person. */
function renderResealed({ resealed, unreadable }: Resealed): string {
  const remedy =
    'They are as they were. Give the key that sealed them as LITELLM_SALT_KEY_PREVIOUS and run this again.';
  return [
    `sealed anew: ${resealed}; not readable: ${unreadable.length}`,
    ...unreadable.map((row) => `  ${row}`),
    ...(unreadable.length === 0 ? [] : [remedy]),
    '',
  ].join('\n');
}

/** What `reseal` prints, and whether every row could be read. */
export async function resealCommand(
  environment: Environment,
  { url, json }: { readonly url: string; readonly json: boolean },
): Promise<{ readonly text: string; readonly whole: boolean }> {
  const keys = saltKeys(environment);
  const db = openPool(url, { max: 1 });
  try {
    const done = await reseal(db, keys);
    const text = json ? `${JSON.stringify(done, null, 2)}\n` : renderResealed(done);
    return { text, whole: done.unreadable.length === 0 };
  } finally {
    await db.end();
  }
}
