import { expect, test } from 'vitest';
import { machineFacts, readFacts } from '../appliance/index.ts';
import { absentRoutes, limits, routes } from '../gateway/index.ts';
import { guardedLocations } from './locations.ts';
import { edgeLinks, renderEdge } from './render.ts';

const all = { ...routes, ...absentRoutes };
const facts = readFacts();
const bases = Object.keys(facts.bases);
const edgeOf = (base: string) => renderEdge(machineFacts(facts, base, 'qemu', 'test'));

function content(base: string, path: string): string {
  const found = edgeOf(base).find((file) => file.path === path);
  if (found === undefined) throw new Error(`${path} is not rendered`);
  return found.content;
}

test.each(bases)('every include of %s is rendered', (base) => {
  const files = edgeOf(base);
  const wanted = files.flatMap(({ content }) =>
    [...content.matchAll(/^\s*include (\/etc\/nginx\/litellm\/[^;]+);/gm)].map((match) => match[1]),
  );
  expect(wanted.length).toBeGreaterThan(0);
  expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(wanted));
});

test.each(bases)('no placeholder is left in %s', (base) => {
  for (const file of edgeOf(base)) expect(file.content, file.path).not.toMatch(/\{\{|undefined|\[object|NaN/);
});

test.each([
  ['ubuntu-24.04', /listen 443 ssl http2 default_server;/, /http2 on;/],
  ['debian-13', /http2 on;/, /ssl http2/],
])("%s gets its nginx's way of turning HTTP/2 on", (base, present, absent) => {
  const site = content(base, facts.paths.edgeSite);
  expect(site).toMatch(present);
  expect(site).not.toMatch(absent);
});

test.each(bases)('the certificate of %s is named in the server block, where certbot replaces it', (base) => {
  const site = content(base, facts.paths.edgeSite);
  expect(site).toContain(`    ssl_certificate ${facts.paths.tls}/cert.pem;`);
  expect(site).toContain(`    ssl_certificate_key ${facts.paths.tls}/key.pem;`);
  const elsewhere = edgeOf(base).filter(({ path }) => path !== facts.paths.edgeSite);
  for (const file of elsewhere) expect(file.content, file.path).not.toMatch(/^\s*ssl_certificate/m);
});

test.each(bases)(
  'what %s passes to the gateway is what the route table declares, and nothing else',
  (base) => {
    const gateway = content(base, `${facts.paths.edgeIncludes}/gateway.conf`);
    const locations = [...gateway.matchAll(/^location (.+) \{\n((?: {4}.*\n)*)\}/gm)];
    const passed = locations.filter(([, , body]) => body?.includes('/proxy.conf;')).map(([, match]) => match);
    expect(passed).toEqual(guardedLocations(all).map(({ match }) => match));
    const segments = passed.map((match) => match?.split('/')[1]);
    const declared = Object.values(all).map(({ url }) => url.split('/')[1]);
    expect(new Set(segments)).toEqual(new Set(declared));
    // Whoever reaches nginx's own directive knows no other way to the gateway.
    for (const { path, content } of edgeOf(base)) {
      if (!path.endsWith('/proxy.conf')) expect(content, path).not.toContain('proxy_pass');
    }
  },
);

test.each(bases)('every location of %s but the health checks has its guard', (base) => {
  const gateway = content(base, `${facts.paths.edgeIncludes}/gateway.conf`);
  for (const { match, access } of guardedLocations(all)) {
    const guard = access === 'probe' ? '' : `    include ${facts.paths.edgeIncludes}/guard-${access}.conf;\n`;
    expect(gateway).toContain(
      `location ${match} {\n${guard}    include ${facts.paths.edgeIncludes}/proxy.conf;\n}`,
    );
  }
});

test("the edge's limits are the gateway's", () => {
  expect(content('debian-13', `${facts.paths.edgeIncludes}/gateway.conf`)).toContain(
    `client_max_body_size ${limits.bodyBytes};`,
  );
  expect(content('debian-13', `${facts.paths.edgeIncludes}/proxy.conf`)).toContain(
    `proxy_read_timeout ${limits.readMs / 1000}s;`,
  );
});

test.each(bases)('limits of %s count customers, and their networks are cut from bytes', (base) => {
  const access = content(base, `${facts.paths.edgeIncludes}/access.conf`);
  const zones = [...access.matchAll(/^limit_(?:conn|req)_zone (\S+) /gm)].map((match) => match[1]);
  expect(zones).toEqual(['$litellm_customer', '$litellm_customer']);
  const map = /^map \$binary_remote_addr \$litellm_customer \{\n((?: {4}.*\n)*)\}/m;
  const rows = (map.exec(content(base, '/etc/nginx/conf.d/litellm.conf'))?.[1] ?? '').trim().split('\n');
  expect(rows.map((row) => row.trim())).toEqual([
    'default $binary_remote_addr;',
    '"~(?s)^\\x00{10}\\xff\\xff(?<litellm_mapped>.{4})\\z" $litellm_mapped;',
    '"~(?s)^(?<litellm_network>.{8}).{8}\\z" $litellm_network;',
  ]);
});

test('the site is enabled and the default one is not', () => {
  const { links, absent } = edgeLinks(machineFacts(facts, 'debian-13', 'qemu', 'test'));
  expect(links).toEqual([{ path: '/etc/nginx/sites-enabled/litellm', target: facts.paths.edgeSite }]);
  expect(absent).toEqual(['/etc/nginx/sites-enabled/default']);
});
