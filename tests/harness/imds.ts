import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';

/** What stands in place of an answer. */
export type Fault = { readonly status: number } | { readonly body: string } | 'silence' | 'half-answer';

export interface FakeAzure {
  /** '' is what Azure says for a machine whose address it does not tell. */
  readonly publicAddress: string;
  /** Address of a load balancer before the machine; unset: there is none, which the service says with 404. */
  readonly loadBalancerAddress?: string;
  /** Answers to the first requests, whatever they ask for; the truth comes after them. */
  readonly faults?: readonly Fault[];
  /** Where to listen: in another network namespace, say. Unset: a free port of the loopback. */
  readonly handle?: NetServer;
}

export interface FakeMetadataService extends AsyncDisposable {
  readonly url: string;
  /** Every request so far, as `GET /path`. */
  readonly requests: readonly string[];
}

const API_VERSION = /^\d{4}-\d{2}-\d{2}$/;
const PRIVATE_ADDRESS = '10.0.0.4';

/**
 * Azure's instance metadata service, as strict as the real one: only GET, only with `Metadata: true`, only with an api
 * version, and never for a request that was forwarded.
 */
export async function startMetadataService(azure: FakeAzure): Promise<FakeMetadataService> {
  const requests: string[] = [];
  const faults = [...(azure.faults ?? [])];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const refusal = refusalOf(request);
    const fault = refusal === undefined ? faults.shift() : undefined;
    if (refusal !== undefined) answer(response, 400, { error: refusal });
    else if (fault !== undefined) fail(response, fault);
    else answerTruly(azure, new URL(request.url ?? '/', 'http://metadata').pathname, response);
  });
  server.listen(azure.handle ?? { host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${address}:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function refusalOf(request: IncomingMessage): string | undefined {
  if (request.method !== 'GET') return 'Only GET is served';
  if (request.headers['x-forwarded-for'] !== undefined) return 'Forwarded requests are refused';
  if (request.headers.metadata !== 'true')
    return "Bad request. Required metadata header 'Metadata: true' is missing";
  const version = new URL(request.url ?? '/', 'http://metadata').searchParams.get('api-version');
  if (version === null || !API_VERSION.test(version)) return 'Bad request. api-version is missing or wrong';
  return undefined;
}

function fail(response: ServerResponse, fault: Fault): void {
  if (fault === 'silence') return;
  if (fault === 'half-answer') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"network":{"interface":[');
    response.destroy();
    return;
  }
  if ('status' in fault) answer(response, fault.status, { error: 'a fault of the test' });
  else response.writeHead(200, { 'content-type': 'text/html' }).end(fault.body);
}

function answerTruly(azure: FakeAzure, path: string, response: ServerResponse): void {
  if (path === '/metadata/instance') answer(response, 200, instance(azure));
  else if (path === '/metadata/loadbalancer' && azure.loadBalancerAddress !== undefined) {
    const addresses = [{ frontendIpAddress: azure.loadBalancerAddress, privateIpAddress: PRIVATE_ADDRESS }];
    answer(response, 200, {
      loadbalancer: { publicIpAddresses: addresses, inboundRules: [], outboundRules: [] },
    });
  } else answer(response, 404, { error: 'Not found' });
}

function instance({ publicAddress }: FakeAzure): object {
  const ipv4 = {
    ipAddress: [{ privateIpAddress: PRIVATE_ADDRESS, publicIpAddress: publicAddress }],
    subnet: [{ address: '10.0.0.0', prefix: '24' }],
  };
  return {
    compute: { name: 'gateway', location: 'westeurope', osProfile: { computerName: 'gateway' } },
    network: { interface: [{ ipv4, ipv6: { ipAddress: [] }, macAddress: '000D3A000001' }] },
  };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
