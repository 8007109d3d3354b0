import { randomUUID } from 'node:crypto';
import type { RequestInit } from 'undici';
import { expect, test } from 'vitest';
import { instanceIds } from '../harness/metadata/fake-clouds.ts';
import { facts } from './appliance.ts';
import { CHOSEN } from './claims-ui.ts';
import { placesHolding } from './secret-search.ts';
import type { Name, World } from './world.ts';

async function secretsOf(world: World, name: Name): Promise<string[]> {
  const { machine, credentials } = world[name];
  const { masterKey, saltKey, databasePassword, adminPassword, grubPassword } = credentials;
  // Where the listing promises the instance's id, it is no secret of the machine, and opens only the form that replaces it.
  const firstPassword = adminPassword === instanceIds.azure ? [] : [adminPassword];
  const tlsKey = await machine.succeed(`sed -n 2p ${facts.paths.tls}/key.pem`);
  return [
    masterKey,
    saltKey,
    databasePassword,
    ...firstPassword,
    grubPassword,
    CHOSEN,
    world.provider.apiKey,
    tlsKey.trim(),
  ];
}

export function secrecyClaims(world: () => World, name: Name): void {
  test('the search finds a word that somebody has logged', async () => {
    const { machine } = world()[name];
    const word = randomUUID();
    await machine.succeed('logger', word);
    expect(await placesHolding(machine, [word], ['journal', 'kernel log'])).toEqual(['journal']);
  });

  test('no secret is where others may read', async () => {
    const { machine } = world()[name];
    const secrets = await secretsOf(world(), name);
    expect(await placesHolding(machine, secrets)).toEqual([]);
    expect(secrets.filter((secret) => machine.serialLog().includes(secret))).toEqual([]);
  });
}

export function errorClaims(world: () => World): void {
  test('error answers hold no secret, also while the database is away', async () => {
    const { machine, client, url, credentials } = world().plain;
    const { masterKey, saltKey, databasePassword } = credentials;
    const asAdmin = { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' };
    const asNobody = { authorization: `Bearer ${masterKey}x` };
    const failing: readonly [string, RequestInit][] = [
      ['/v1/models', { headers: asNobody }],
      ['/v1/chat/completions', { method: 'POST', headers: asAdmin, body: '{"model": "none' }],
      ['/key/generate', { method: 'POST', headers: asAdmin, body: '{"max_budget": -1}' }],
      ['/key/info?key=nobody', { headers: asAdmin }],
      ['/nowhere', {}],
    ];
    const answers = async (): Promise<{ status: number; body: string }[]> =>
      Promise.all(
        failing.map(async ([path, init]) => {
          const answer = await client.fetch(`${url}${path}`, init);
          return { status: answer.status, body: await answer.text() };
        }),
      );
    const usual = await answers();
    await machine.succeed('systemctl stop postgresql@*.service');
    const orphaned = await answers();
    await machine.succeed("systemctl start 'postgresql@*.service' --all");
    expect(usual.filter(({ status }) => status < 400 || status >= 500)).toEqual([]);
    expect(orphaned.map(({ status }) => status)).toContain(503);
    const secrets = [masterKey, saltKey, databasePassword];
    const bodies = [...usual, ...orphaned].map(({ body }) => body);
    expect(bodies.filter((body) => secrets.some((secret) => body.includes(secret)))).toEqual([]);
  });
}
