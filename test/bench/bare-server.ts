import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

import { cpuSecondsOf } from './processes.ts';
import { RawHttp } from './raw-http.ts';

const BODY = JSON.stringify({
  grant: null,
  wantsFacts: false,
  heartbeatMs: 30_000,
  hubTimeMs: 1_700_000_000_000,
});
const PARALLEL = 128;

/** What plain `node:http` needs to read as many JSON bodies and answer each with as many bytes: the floor for any server here. */
export async function measureBareServer(
  requests: number,
  { ask = BODY, answer = BODY } = {},
): Promise<{ seconds: number; cpuSeconds: number }> {
  const child = fork(fileURLToPath(import.meta.url), [answer]);
  const [port] = (await once(child, 'message')) as [number];
  const http = new RawHttp(`http://127.0.0.1:${port}`, PARALLEL);
  const before = cpuSecondsOf(child.pid ?? 0);
  const startMs = performance.now();
  let left = requests;
  const lanes = Array.from({ length: PARALLEL }, async () => {
    while (left-- > 0) await http.request('POST', '/', 'content-type: application/json\r\n', ask);
  });
  await Promise.all(lanes);
  const seconds = (performance.now() - startMs) / 1_000;
  const cpuSeconds = cpuSecondsOf(child.pid ?? 0) - before;
  http.close();
  child.kill();
  return { seconds, cpuSeconds };
}

if (process.send && process.argv[1] === fileURLToPath(import.meta.url)) {
  const answer = process.argv[2] ?? '';
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      JSON.parse(Buffer.concat(chunks).toString());
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(answer),
      });
      response.end(answer);
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}
