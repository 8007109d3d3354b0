import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';

const SOCKET = 'owner.sock';
/** What an address of the kernel's holds of a path, its end included. */
const LONGEST_PATH = 107;
const PRIVATE = 0o700;
/** A directory in the making has this before its name, and no entry in it. */
export const UNFINISHED = 'new-';
const ATTEMPTS = 3;
/** Another process took the directory for a leftover while it was made; so says `bind`, and so says `rename`. */
const TAKEN_AWAY = new Set(['EACCES', 'ENOENT']);

/** How the kernel is told of a directory's socket: through the directory's descriptor where the path is too long for it. */
interface SocketPath {
  readonly path: string;
  /** Must stay open as long as the path is used. */
  readonly through: FileHandle | null;
}

async function socketPath(directory: string): Promise<SocketPath> {
  const path = join(directory, SOCKET);
  if (Buffer.byteLength(path) <= LONGEST_PATH) return { path, through: null };
  const through = await open(directory, 'r');
  return { path: `/proc/self/fd/${through.fd}/${SOCKET}`, through };
}

function listen(path: string): Promise<Server> {
  // Whoever connects has its answer by being let in.
  const server = createServer((peer) => peer.destroy());
  return new Promise((resolve, reject) => {
    // Later ones, as when descriptors run out, end nothing: who could not be let in asks again.
    server.on('error', reject).listen(path, () => resolve(server.unref()));
  });
}

/** A directory that is this process's own as long as it lives. */
export interface OwnedDirectory {
  readonly path: string;
  /** From here on others may take the directory, if it is still there. */
  disown(): Promise<void>;
}

/**
 * Makes a directory that shows that its maker lives: a socket in it lets in whoever connects, until the process ends in
 * whatever way. It gets its name when the socket listens, so that it is never seen without. Throws when it cannot be made.
 */
export async function ownDirectory(parent: string, name: string): Promise<OwnedDirectory> {
  await mkdir(parent, { recursive: true, mode: PRIVATE });
  for (let attempt = 1; ; attempt++) {
    const unfinished = join(parent, `${UNFINISHED}${randomUUID()}`);
    try {
      await mkdir(unfinished, { mode: PRIVATE });
      const { path, through } = await socketPath(unfinished);
      const server = await listen(path);
      await rename(unfinished, join(parent, name));
      return {
        path: join(parent, name),
        async disown() {
          await new Promise((resolve) => server.close(resolve));
          await through?.close();
        },
      };
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      if (!TAKEN_AWAY.has((error as NodeJS.ErrnoException).code ?? '') || attempt === ATTEMPTS) throw error;
    }
  }
}

/** What the kernel says when a socket's process is gone, or there is no socket. Anything else may be a process that lives. */
const GONE = new Set(['ECONNREFUSED', 'ENOENT']);

function refused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(GONE.has(error.code ?? '')));
  });
}

/** Whether the process that owned a directory has ended. */
export async function isDead(directory: string): Promise<boolean> {
  const { path, through } = await socketPath(directory);
  try {
    return await refused(path);
  } finally {
    await through?.close();
  }
}
