import { expect, test } from 'vitest';
import { startMetadataService } from './imds.ts';

const INSTANCE = '/metadata/instance?api-version=2021-02-01';

test.each([
  ['without the header', INSTANCE, {}, 400],
  ['with another value of the header', INSTANCE, { Metadata: '1' }, 400],
  ['that was forwarded', INSTANCE, { Metadata: 'true', 'X-Forwarded-For': '198.51.100.1' }, 400],
  ['without an api version', '/metadata/instance', { Metadata: 'true' }, 400],
  ['for an unknown path', '/latest/meta-data?api-version=2021-02-01', { Metadata: 'true' }, 404],
  [
    'for a load balancer that is not there',
    '/metadata/loadbalancer?api-version=2020-10-01',
    { Metadata: 'true' },
    404,
  ],
  ['that is right', INSTANCE, { Metadata: 'true' }, 200],
])('a request %s', async (_title, path, headers, status) => {
  await using service = await startMetadataService({ publicAddress: '203.0.113.7' });
  expect((await fetch(`${service.url}${path}`, { headers })).status).toBe(status);
});
