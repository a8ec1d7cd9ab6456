import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type Server, connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import { Failure, exitCode } from '../exit-code.ts';

/**
 * Keeps a state folder for this process. A socket is held, not a file with a process id: the operating system lets go of
 * it when its holder dies, however that happens, and no stranger can be taken for the holder.
 * Throws a `Failure` that names the holder when there is one.
 */
export async function lockState(folder: string): Promise<{ release(): void }> {
  const address = socketAddress(folder);
  const server = (await listen(address)) ?? (await takeOver(address, folder));
  // The lock alone does not keep a process running.
  server.unref();
  return { release: () => void server.close() };
}

async function takeOver(address: string, folder: string): Promise<Server> {
  const holder = await askHolder(address);
  if (holder === undefined) {
    rmSync(address, { force: true });
    const server = await listen(address);
    if (server) return server;
  }
  throw new Failure(
    exitCode.refused,
    `${folder} is in use by another Picket (process ${holder ?? 'unknown'}). Stop that one, or give another --state-dir.`,
  );
}

/** Undefined when the address is taken. */
function listen(address: string): Promise<Server | undefined> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(String(process.pid));
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(address, () => resolve(server));
  });
}

/** Undefined when nobody holds the address any more. */
function askHolder(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(address);
    socket.setTimeout(5_000, () => socket.destroy());
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(answer));
  });
}

// In the temporary folder, because a socket's path must be short, and state folders can lie deep.
function socketAddress(folder: string): string {
  const name = `picket-${userInfo().username}-${createHash('sha256').update(folder).digest('hex').slice(0, 24)}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}
