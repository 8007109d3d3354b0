/** Google Compute Engine, "Predefined metadata keys" and "Query VM metadata". */
import {
  type FakeAnswer,
  type FakeCloud,
  type FakeInstance,
  json,
  leaf,
  none,
  refused,
  text,
} from './fake-cloud.ts';

const INSTANCE = '/computeMetadata/v1/instance/';
const PROJECT = 'a-project';
const PROJECT_NUMBER = 123456789012;
const FLAVOR = { 'metadata-flavor': 'Google' };
/** What whoever launches a machine gives it besides: nothing. */
const ATTRIBUTES = /^\/computeMetadata\/v1\/(instance|project)\/attributes\/(.*)/;
/** Both are switched off where nobody has switched them on. */
const GUEST_ATTRIBUTES = `${INSTANCE}guest-attributes/`;
const OS_LOGIN = '/computeMetadata/v1/oslogin/';
const switchedOff: FakeAnswer = { status: 403, type: 'text/plain', body: 'Guest attributes are disabled' };
/** Of everything, which never changes. */
const ETAG = 'f3c1d2a4b5968770';

/** Only with the flavour, which every answer carries as well. Google's agent asks for all of it, and waits for changes. */
export function fakeGcp(instance: FakeInstance): FakeCloud {
  return {
    name: 'gcp',
    answer({ method, path, query, headers }) {
      // Google's programs ask like this whether they are in Google.
      if (path === '/') return { ...text('computeMetadata/\n', 'application/text'), headers: FLAVOR };
      if (headers['metadata-flavor'] !== 'Google') return refused(403, "no header 'Metadata-Flavor: Google'");
      if (/^\/computeMetadata\/v1\/+$/.test(path)) return everything(instance, query);
      if (method === 'PUT')
        return path.startsWith(GUEST_ATTRIBUTES) ? switchedOff : refused(405, 'PUT is not served');
      const attribute = ATTRIBUTES.exec(path)?.[2];
      if (attribute === '') return { ...attributes(query), headers: FLAVOR };
      if (attribute !== undefined || path.startsWith(OS_LOGIN)) return none;
      return { ...leaf(keys(instance), path, 'application/text'), headers: FLAVOR };
    },
  };
}

function everything(instance: FakeInstance, query: URLSearchParams): FakeAnswer {
  if (query.get('recursive') !== 'true' || query.get('alt') !== 'json')
    return refused(400, 'all of it is told as JSON alone');
  const { instanceId, region, hostName, privateIpv4, publicIpv4 } = instance;
  const { body, ...told } = json({
    instance: {
      attributes: {},
      hostname: hostName,
      networkInterfaces: [
        { ip: privateIpv4, accessConfigs: publicIpv4 === undefined ? [] : [{ externalIp: publicIpv4 }] },
      ],
      zone: `projects/${PROJECT_NUMBER}/zones/${region}-b`,
    },
    project: { attributes: {}, numericProjectId: PROJECT_NUMBER, projectId: PROJECT },
  });
  const held = query.get('wait_for_change') === 'true' && query.get('last_etag') === ETAG;
  return {
    ...told,
    // A number that JavaScript would round.
    body: body.replace('"attributes"', `"id":${instanceId},"attributes"`),
    headers: { ...FLAVOR, etag: ETAG },
    ...(held && { held }),
  };
}

/** All that there are: who starts the scripts of whoever launched the machine asks for ten minutes until it is told. */
function attributes(query: URLSearchParams): FakeAnswer {
  return query.get('alt') === 'json' ? json({}) : text('', 'application/text');
}

function keys(instance: FakeInstance): Record<string, string | undefined> {
  const { instanceId, region, hostName, privateIpv4, publicIpv4, publicIpv6 } = instance;
  const values = {
    id: instanceId,
    hostname: hostName,
    // Google's agent asks for it again and again until it is told.
    name: hostName.split('.')[0],
    zone: `projects/${PROJECT_NUMBER}/zones/${region}-b`,
    // What else every instance has, whoever made it.
    'cpu-platform': 'AMD Rome',
    description: '',
    image: `projects/${PROJECT}/global/images/an-image`,
    'machine-type': `projects/${PROJECT_NUMBER}/machineTypes/e2-standard-2`,
    'maintenance-event': 'NONE',
    preempted: 'FALSE',
    tags: '[]',
    'network-interfaces/0/ip': privateIpv4,
    'network-interfaces/0/access-configs/0/external-ip': publicIpv4,
    'network-interfaces/0/ipv6s': publicIpv6 === undefined ? undefined : `${publicIpv6}\n`,
  };
  const ofInstance = Object.entries(values).map(([name, value]) => [INSTANCE + name, value]);
  return {
    ...Object.fromEntries(ofInstance),
    '/computeMetadata/v1/project/project-id': PROJECT,
    '/computeMetadata/v1/project/numeric-project-id': `${PROJECT_NUMBER}`,
  };
}
