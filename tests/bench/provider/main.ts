/** The fake provider: answers on a port of loopback, as fast as a single Node process can. Usage: main.ts PORT */
import { createServer, type Socket } from 'node:net';
import { answers } from './answers.ts';
import { Pacer } from './pacer.ts';
import { readRequest } from './request.ts';

const pacer = new Pacer();
let lastId = 0;

function answer(socket: Socket, received: string): string {
  let rest = received;
  for (let request = readRequest(rest); request !== undefined; request = readRequest(rest)) {
    lastId++;
    if (request.streamed) pacer.begin(socket, lastId, request.wantsUsage);
    else socket.write(answers.plain.with(lastId));
    rest = rest.slice(request.bytes);
  }
  return rest;
}

createServer({ noDelay: true }, (socket) => {
  let rest = '';
  socket.on('data', (bytes) => {
    rest = answer(socket, rest + bytes.toString('latin1'));
  });
  // A client that goes away in the middle of an answer is part of every load test.
  socket.on('error', () => socket.destroy());
}).listen(Number(process.argv[2]), '127.0.0.1');
