/** A name server in the network of the test: what a machine wants to know before it sends anything is written down here. */
import type { Socket } from 'node:dgram';
import { addresses, type Network } from './network.ts';

const PORT = 53;
const HEADER = 12;
/** A response, to a question that the asker may have answered by others, without a fault. */
const ANSWER_FLAGS = 0x8180;
const TYPE_A = 1;
const CLASS_IN = 1;
/** The name of the question: it begins behind the header. */
const POINTER_TO_NAME = 0xc000 | HEADER;
const TTL_SECONDS = 60;

/** What somebody has asked. */
export interface Question {
  /** Address of who asks. */
  readonly from: string;
  /** In small letters, without the dot at its end. */
  readonly name: string;
  readonly type: number;
}

/** Answers every question for an IPv4 address, every other one with nothing, and remembers who has asked for what. */
export class NameServer implements AsyncDisposable {
  readonly address = addresses.router.ipv4;
  readonly questions: Question[] = [];
  readonly #socket: Socket;
  readonly #known: Map<string, string>;

  private constructor(socket: Socket, known: Readonly<Record<string, string>>) {
    this.#socket = socket;
    this.#known = new Map(Object.entries(known));
    socket.on('message', (message, { address, port }) => {
      const answer = this.#answer(message, address);
      if (answer !== undefined) socket.send(answer, port, address);
    });
  }

  /**
   * On the router's address. `known` are names that lead to somebody, each to his IPv4 address; all others lead to the
   * sink.
   */
  static async start(network: Network, known: Readonly<Record<string, string>> = {}): Promise<NameServer> {
    return new NameServer(await network.bind(addresses.router.ipv4, PORT), known);
  }

  /** From now on names lead where these say. */
  lead(names: Readonly<Record<string, string>>): void {
    for (const [name, address] of Object.entries(names)) this.#known.set(name, address);
  }

  /** The names that somebody has asked for, each once, in the order of the alphabet. */
  namesAskedBy(asker: string): string[] {
    return [...new Set(this.questions.filter(({ from }) => from === asker).map(({ name }) => name))].sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }

  /** Undefined where what came is no question. */
  #answer(message: Buffer, from: string): Buffer | undefined {
    const question = readQuestion(message);
    if (question === undefined) return undefined;
    const { name, type, end } = question;
    this.questions.push({ from, name, type });
    const records = type === TYPE_A ? [addressRecord(this.#known.get(name) ?? addresses.sink.ipv4)] : [];
    const header = Buffer.alloc(HEADER);
    message.copy(header, 0, 0, 2);
    header.writeUInt16BE(ANSWER_FLAGS, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    return Buffer.concat([header, message.subarray(HEADER, end), ...records]);
  }
}

/** The one question of a message, and where in it the question ends. */
function readQuestion(message: Buffer): { name: string; type: number; end: number } | undefined {
  if (message.length < HEADER || message.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = HEADER;
  for (let length = message[at++]; length !== 0; length = message[at++]) {
    // No name of a question is abbreviated, which greater lengths would stand for.
    if (length === undefined || length > 63) return undefined;
    labels.push(message.toString('latin1', at, at + length));
    at += length;
  }
  if (at + 4 > message.length) return undefined;
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at), end: at + 4 };
}

function addressRecord(address: string): Buffer {
  const record = Buffer.alloc(16);
  record.writeUInt16BE(POINTER_TO_NAME, 0);
  record.writeUInt16BE(TYPE_A, 2);
  record.writeUInt16BE(CLASS_IN, 4);
  record.writeUInt32BE(TTL_SECONDS, 6);
  record.writeUInt16BE(4, 10);
  Buffer.from(address.split('.').map(Number)).copy(record, 12);
  return record;
}
