import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

import type { Agent } from './start-agent.ts';

export interface Health {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * `/healthz` (the process lives), `/readyz` (it enforces, or stands by for the one that does) and `/metrics`. A hub that is away makes no
 * agent unready: enforcing does not need it.
 */
export async function serveHealth(
  { host, port }: { host: string; port: number },
  agent: () => Agent | undefined,
): Promise<Health> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: (running: Agent) => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const running = agent();
        this.set(running ? read(running) : 0);
      },
    });
  };
  gauge('picket_agent_leads', '1 when this agent holds the Lease and enforces.', () => 1);
  gauge(
    'picket_agent_last_sync_timestamp_seconds',
    'When the hub last answered; 0 before.',
    ({ link }) => link.lastSyncMs / 1_000,
  );
  gauge(
    'picket_agent_grant_sequence',
    'Sequence of the grant in force; 0 when there is none.',
    ({ running }) => running().sequence,
  );
  gauge(
    'picket_agent_spooled_reports',
    'Reports that wait for the hub.',
    ({ link }) => link.waitingReports,
  );
  const answer = async (
    url: string | undefined,
  ): Promise<{ status?: number; type?: string; body: string }> => {
    if (url === '/healthz') return { body: 'ok\n' };
    if (url === '/metrics') return { type: registry.contentType, body: await registry.metrics() };
    if (url !== '/readyz') return { status: 404, body: 'not found\n' };
    const running = agent();
    const { digest = null, sequence = 0 } = running?.running() ?? {};
    const state = running?.link.state ?? 'standby';
    return { type: 'application/json', body: JSON.stringify({ state, digest, sequence }) };
  };
  const server = createServer((request, response) => {
    void answer(request.url).then(({ status = 200, type = 'text/plain', body }) =>
      response.writeHead(status, { 'content-type': type }).end(body),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
