import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { handOver } from '../../../publish/index.ts';
import type { Act, Passing } from '../../harness/between.ts';
import { type Failed, Rehearsed, type Stage } from './stage.ts';

/** How a server of a cloud says no. */
export interface Words {
  readonly expired: Act;
  readonly forbidden: Act;
  readonly busy: Act;
  /** Something of the request is not right; the answer repeats what may be repeated of it. */
  readonly refused: (request: Passing) => Act;
}

/** What is said of the calls that carry the file, and of the one that registers it. */
export interface Spoken {
  readonly pieces: Words;
  readonly registration: Words;
  /** What of the remedy a person needs. */
  readonly signIn: string;
  readonly rights: string;
  /** What has the library ask another machine for a token; undefined where none is asked for. */
  readonly identityElsewhere?: Readonly<Record<string, string>>;
}

/** Between two looks whether the cloud is done; no wait of a cloud's that is busy is as long. */
const POLL_MS = 10_000;
const calls = ['pieces', 'registration'] as const;
type Which = (typeof calls)[number];

/** What is claimed of publishing to any cloud. */
export function claimsOfPublishing(name: string, stageOf: () => Stage, spoken: Spoken): void {
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
    const isOne = (which: Which, request: Passing): boolean =>
      which === 'pieces'
        ? stage.pieceOf(request) !== undefined
        : stage.nameOf(request) === stage.registration;
    const on = (which: Which, act: (request: Passing) => Act) => (request: Passing) =>
      isOne(which, request) ? act(request) : undefined;

    /** How many versions one publication makes; what it prints of them. */
    async function publishedWhole(): Promise<void> {
      const before = await stage.versions();
      const { already, ids } = await image.publish();
      expect(already).toBe(false);
      expect(await stage.versions()).toBe(before + stage.versionsOfOne);
      expect(ids).toEqual(stage.ids(image));
      for (const [what, id] of Object.entries(ids)) expect(image.output).toContain(`  ${what}: ${id}\n`);
    }

    test('an image is published once, and again without a second version or a byte sent', async () => {
      await publishedWhole();
      const made = await stage.versions();
      const sent = pieces();
      expect(sent.length).toBeGreaterThan(3);
      const { portal, verify } = handOver[stage.target] ?? { portal: [], verify: [] };
      for (const line of [...portal, ...verify]) expect(image.output).toContain(`  - ${line}\n`);

      const second = await image.publish();
      expect(second.already).toBe(true);
      expect(stage.ids(image)).toMatchObject(second.ids);
      expect(second.ids).not.toEqual({});
      expect(await stage.versions()).toBe(made);
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

    test('cut where it is registered it says what to do, and goes on without a byte sent again', async () => {
      stage.between.trouble = on('registration', () => ({ kind: 'cut' }));
      const { failure } = await image.failure();
      expect(failure.message).toContain('cannot be reached');
      expect(failure.remedy).toContain('run the same command again');
      const sent = pieces();
      stage.between.trouble = () => undefined;
      await publishedWhole();
      expect(pieces()).toEqual(sent);
    });

    test('an answer that is lost makes no second version, whichever it is', async () => {
      stage.forget();
      const lost = new Set<string>();
      stage.between.trouble = (request) => {
        const call = stage.nameOf(request);
        if (call === undefined || lost.has(call)) return undefined;
        lost.add(call);
        return { kind: 'lost' };
      };
      await publishedWhole();
      expect([...lost]).toContain(stage.registration);
      expect(lost.size).toBeGreaterThan(4);
    });

    test('nor does one with which the run ends', async () => {
      const before = await stage.versions();
      let registered = false;
      stage.between.trouble = (request) => {
        if (registered) return { kind: 'cut' };
        registered = isOne('registration', request);
        return registered ? { kind: 'lost' } : undefined;
      };
      const { failure } = await image.failure();
      expect(failure.message).toContain('cannot be reached');
      stage.between.trouble = () => undefined;
      await image.publish();
      expect(await stage.versions()).toBe(before + stage.versionsOfOne);
    });

    describe.each(calls)('of the calls for its %s', (which) => {
      test('a cloud that is too busy is asked again when it says', async () => {
        let refusals = 2;
        stage.between.trouble = (request) => {
          if (!isOne(which, request) || refusals === 0) return undefined;
          refusals -= 1;
          return spoken[which].busy;
        };
        await publishedWhole();
        expect(image.clock.slept.filter((ms) => ms === 17_000)).toHaveLength(2);
        expect(image.output).toMatch(/again in 17 s/);
      });

      test.each([
        ['forbidden', 'does not allow it', 'rights'],
        ['expired', 'does not take the credentials, or they have expired', 'signIn'],
      ] as const)(
        '%s: one line that says what to do, and no waiting; then it goes on',
        async (kind, what, remedy) => {
          stage.between.trouble = on(which, () => spoken[which][kind]);
          const { failure, waits } = await image.failure();
          expect(failure.message).toContain(what);
          expect(failure.message).not.toContain('\n');
          expect(failure.remedy).toContain(spoken[remedy]);
          expect(failure.remedy).toContain('run the same command again');
          expect(waits.filter((ms) => ms !== POLL_MS)).toEqual([]);
          stage.between.trouble = () => undefined;
          await publishedWhole();
        },
      );
    });

    test('DRY=1 makes no call, and prints those that a first run makes, in their order', async () => {
      stage.forget();
      await image.publish({ DRY: '1' });
      expect(stage.between.seen).toEqual([]);
      expect(image.output).toContain('DRY=1: no call was made');
      const printed = [...image.output.matchAll(/would call ([^{\n]+)/g)].map(([, call = '']) =>
        call.replace(/, (until|\d+ times).*/, '').trim(),
      );
      await image.publish();
      const made = stage.between.seen.flatMap((request) => stage.nameOf(request) ?? []);
      expect(once(printed)).toEqual(once(made));
      expect(printed).toContain(stage.registration);
    });

    test('nothing that is printed is a secret, whatever a cloud answers', async () => {
      const failures: Failed[] = [];
      for (const which of calls)
        for (const act of [
          spoken[which].refused,
          () => spoken[which].expired,
          () => spoken[which].forbidden,
          () => ({ kind: 'cut' }) as const,
        ]) {
          stage.between.trouble = on(which, act);
          failures.push(await image.failure());
        }
      stage.between.trouble = () => undefined;
      await image.publish();
      const printed = [image.output, ...failures.map(({ failure }) => `${failure.remedy}\n${failure.stack}`)];
      const secrets = stage.secrets();
      expect(secrets.length).toBeGreaterThan(1);
      expect(secrets.filter((secret) => secret.length < 8)).toEqual([]);
      expect(secrets.filter((secret) => printed.some((text) => text.includes(secret)))).toEqual([]);
      expect(printed.join('\n')).not.toMatch(/Bearer |X-Amz-Signature|upload_id=/);
    });

    test('a rehearsal goes nowhere but to this machine, and its DRY=1 goes nowhere', async () => {
      const elsewhere = Object.fromEntries(
        Object.entries(stage.environment()).map(([variable, value]) => [
          variable,
          /ENDPOINT|_URL/.test(variable) ? 'https://cloud.invalid' : value,
        ]),
      );
      await expect(image.publish(elsewhere)).rejects.toThrow('it is a rehearsal');
      await image.publish({ ...elsewhere, DRY: '1' });
      expect(image.output).toContain('passed over, as nothing leaves this machine: it is a rehearsal');
      expect(stage.between.seen).toEqual([]);
    });

    if (spoken.identityElsewhere !== undefined)
      test('a rehearsal asks nobody else for a token', async () => {
        await expect(image.publish(spoken.identityElsewhere)).rejects.toThrow('it is a rehearsal');
        expect(stage.between.seen).toEqual([]);
      });
  });
}

/** What follows itself, counted once: polls, pieces, and two that are asked at the same time. */
const once = (names: readonly string[]): string[] =>
  names.map((name) => name.replace(/\/\d+$/, '/ID')).filter((name, index, all) => name !== all[index - 1]);
