import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProgram } from '../program.ts';
import { chatDoor } from './bench-model.ts';
import { simpleLane } from './lane.ts';
import type { Peer, Site } from './peer.ts';

function config({ scratch, port, providerPort }: Site): string {
  return `
daemon off;
user root;
worker_processes 1;
pid ${scratch}/pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${scratch}/body;
  proxy_temp_path ${scratch}/proxy;
  fastcgi_temp_path ${scratch}/fastcgi;
  scgi_temp_path ${scratch}/scgi;
  uwsgi_temp_path ${scratch}/uwsgi;
  keepalive_requests 1000000000;
  upstream provider {
    server 127.0.0.1:${providerPort};
    keepalive 512;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`;
}

/** The floor: what forwarding costs in C, one worker, unbuffered. */
export const nginx: Peer = {
  name: 'nginx',
  title: 'nginx, one worker',
  open: async (site) => {
    const file = join(site.scratch, 'nginx.conf');
    writeFileSync(file, config(site));
    return simpleLane({
      door: chatDoor(site.port),
      start: () => startProgram('/usr/sbin/nginx', ['-p', site.scratch, '-c', file], { log: site.log }),
    });
  },
};
