import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { handOver } from '../../../publish/index.ts';
import type { Act, Passing } from '../../harness/between.ts';
import { Rehearsed, type Stage } from './stage.ts';

/** What a cloud says of credentials that are over, and of an account that may not. */
export interface Words {
  readonly expired: Act;
  readonly forbidden: Act;
  readonly busy: Act;
  /** What of the remedy a person needs. */
  readonly signIn: string;
  readonly rights: string;
}

/** What is claimed of publishing to any cloud. */
export function claimsOfPublishing(name: string, stageOf: () => Stage, words: Words): void {
  describe(name, () => {
    let image: Rehearsed;
    let stage: Stage;

    beforeEach(async () => {
      stage = stageOf();
      stage.between.seen.length = 0;
      stage.between.trouble = () => undefined;
      image = await Rehearsed.create(stage);
    });
    afterEach(() => image[Symbol.dispose]());

    const pieces = (): string[] =>
      stage.between.seen.filter(({ passed }) => passed).flatMap((request) => stage.pieceOf(request) ?? []);
    const onPieces = (act: Act) => (request: Passing) =>
      stage.pieceOf(request) === undefined ? undefined : act;

    test('an image is published once, and again without a second version or a byte sent', async () => {
      const before = await stage.versions();
      const first = await image.publish();
      expect(first.already).toBe(false);
      const made = (await stage.versions()) - before;
      expect(made).toBeGreaterThan(0);
      const sent = pieces();
      expect(sent.length).toBeGreaterThan(3);
      for (const line of [
        ...(handOver[stage.target]?.portal ?? []),
        ...(handOver[stage.target]?.verify ?? []),
      ])
        expect(image.output).toContain(line);

      const second = await image.publish();
      expect(second.already).toBe(true);
      expect(second.ids).toMatchObject({
        ...(first.ids.image === undefined ? {} : { image: first.ids.image }),
      });
      expect(await stage.versions()).toBe(before + made);
      expect(pieces()).toEqual(sent);
      expect(image.output).toContain('published before; nothing was sent');
    });

    test('cut in the middle it says what to do, and goes on with what is not there yet', async () => {
      let whole = 0;
      {
        using other = await Rehearsed.create(stage);
        await other.publish();
        whole = pieces().length;
      }
      stage.between.seen.length = 0;
      const half = Math.floor(whole / 2);
      stage.between.trouble = () => (pieces().length >= half ? { kind: 'cut' } : undefined);
      await expect(image.publish()).rejects.toThrow('cannot be reached');
      expect(image.clock.slept).toEqual(expect.arrayContaining([1000, 2000, 4000]));
      const sentBefore = pieces();
      expect(sentBefore.length).toBe(half);

      stage.between.trouble = () => undefined;
      const { already } = await image.publish();
      expect(already).toBe(false);
      expect(image.output).toContain('is there already');
      expect(pieces().length).toBe(whole);
      expect(new Set(pieces()).size).toBe(whole);
    });

    test('a cloud that is too busy is asked again when it says', async () => {
      let refusals = 2;
      stage.between.trouble = (request) => {
        if (stage.pieceOf(request) === undefined || refusals === 0) return undefined;
        refusals -= 1;
        return words.busy;
      };
      await image.publish();
      expect(image.clock.slept.filter((ms) => ms === 17_000)).toHaveLength(2);
      expect(image.output).toMatch(/again in 17 s/);
    });

    test.each([
      ['forbidden', words.forbidden, 'does not allow it', words.rights],
      ['expired', words.expired, 'does not take the credentials, or they have expired', words.signIn],
    ] as const)(
      '%s: one line that says what to do, and no waiting; then it goes on',
      async (_kind, act, what, remedy) => {
        stage.between.trouble = onPieces(act);
        const failure = await image.publish().then(
          () => undefined,
          (error: Error & { remedy: string }) => error,
        );
        expect(failure?.message).toContain(what);
        expect(failure?.message).not.toContain('\n');
        expect(failure?.remedy).toContain(remedy);
        expect(failure?.remedy).toContain('run the same command again');
        expect(image.clock.slept).toEqual([]);
        stage.between.trouble = () => undefined;
        expect((await image.publish()).already).toBe(false);
      },
    );

    test('DRY=1 prints each call and makes none', async () => {
      await image.publish({ DRY: '1' });
      expect(stage.between.seen).toEqual([]);
      expect(image.output).toContain('would call');
      expect(image.output).toContain('DRY=1: no call was made');
    });

    test('nothing that is printed is a secret', async () => {
      await image.publish();
      const secrets = Object.entries(stage.environment())
        .filter(([variable]) => /SECRET|TOKEN|KEY/.test(variable))
        .map(([, value]) => value);
      expect(secrets.filter((secret) => image.output.includes(secret))).toEqual([]);
      expect(image.output).not.toMatch(/Bearer |X-Amz-Signature|upload_id=|ya29\./);
    });

    test('a rehearsal goes nowhere but to this machine', async () => {
      const elsewhere = Object.fromEntries(
        Object.entries(stage.environment()).map(([variable, value]) => [
          variable,
          /ENDPOINT|_URL/.test(variable) ? 'https://cloud.invalid' : value,
        ]),
      );
      await expect(image.publish(elsewhere)).rejects.toThrow('it is a rehearsal');
      expect(stage.between.seen).toEqual([]);
    });
  });
}
