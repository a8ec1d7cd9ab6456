import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { AgentGateway } from './agent-gateway/agent-gateway.ts';
import { isMigrated } from './platform/migrate.ts';
import type { Services } from './services.ts';

/** `/healthz` (the process lives), `/readyz` (it can serve: database, migrations, queue) and `/metrics` (Prometheus). */
export function healthRoutes(
  app: FastifyInstance,
  services: Services,
  gateway: AgentGateway | undefined,
): void {
  const {
    dataSource,
    jobs,
    logger,
    policySets,
    authenticator,
    statements,
    statuses,
    auditEvents,
    auditStream,
    refusals,
    signIns,
  } = services;
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const checks = {
      database: () => dataSource.query('SELECT 1'),
      migrations: async () => {
        if (!(await isMigrated(dataSource))) throw new Error('migrations are missing');
      },
      queue: () => jobs.check(),
    };
    const faults = await Promise.all(Object.values(checks).map((check) => faultOf(check(), 3_000)));
    const names = Object.keys(checks);
    const isReady = faults.every((fault) => fault === undefined);
    // Addresses and words of the database are for the log: anybody may ask here.
    if (!isReady)
      logger.warn(
        { faults: Object.fromEntries(names.map((name, index) => [name, faults[index]])) },
        'the hub is not ready',
      );
    return reply
      .code(isReady ? 200 : 503)
      .send(
        Object.fromEntries(
          names.map((name, index) => [name, faults[index] === undefined ? 'ok' : 'unavailable']),
        ),
      );
  });

  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: 'picket_http_request_duration_seconds',
    help: 'Time to answer a request, by route.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  app.addHook('onResponse', (request, reply, done) => {
    // Agents' requests are counted by the gauges below: ten thousand agents make this hook cost something.
    if (!request.url.startsWith('/agent/'))
      duration.observe(
        {
          method: request.method,
          route: request.routeOptions.url ?? 'none',
          status: reply.statusCode,
        },
        reply.elapsedTime / 1_000,
      );
    done();
  });
  const gauge = (name: string, help: string, read: () => Promise<number> | number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        // Without the database this one has no value; the others are wanted then more than ever.
        await Promise.resolve()
          .then(read)
          .then(
            (value) => this.set(value),
            () => this.remove(),
          );
      },
    });
  };
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  gauge(
    'picket_agent_gateway_streams',
    'Open streams of this process.',
    () => gateway?.streams.size ?? 0,
  );
  counter(
    'picket_agent_gateway_wakes_dropped_total',
    'Wakes that found a clogged stream.',
    () => gateway?.streams.dropped ?? 0,
  );
  gauge('picket_policy_sets_stale_clusters', 'Clusters that wait for their policy set.', () =>
    policySets.countStale(),
  );
  gauge('picket_cluster_status_waiting_reports', 'Accepted reports that wait for the worker.', () =>
    statuses.countWaiting(),
  );
  counter(
    'picket_access_refused_tokens_total',
    'Tokens of the issuer, or of their shape, that were refused.',
    () => authenticator.refused,
  );
  gauge('picket_audit_unsealed_events', 'Audit events that wait to be sealed.', () =>
    auditEvents.countUnsealed(),
  );
  gauge('picket_audit_stream_waiting_events', 'Sealed events that the webhook has not taken.', () =>
    auditStream.countWaiting(),
  );
  counter(
    'picket_audit_stream_failures_total',
    'Requests of this process that the webhook did not take.',
    () => auditStream.failures,
  );
  counter(
    'picket_audit_lost_events_total',
    'Refusals, sign-ins and uses of this process that could not be written.',
    () => refusals.lost + signIns.lost,
  );
  counter('picket_queue_lost_jobs_total', 'Jobs that the queue did not take.', () => jobs.lost);
  counter(
    'picket_database_statements_total',
    'Statements that this process has sent to PostgreSQL, the queue’s own apart.',
    () => statements.count,
  );
  new Gauge({
    name: 'picket_queue_depth',
    help: 'Jobs that wait, by queue.',
    labelNames: ['queue'],
    registers: [registry],
    async collect() {
      this.reset();
      const depths = await jobs.depths().catch(() => ({}));
      for (const [queue, count] of Object.entries(depths)) this.set({ queue }, count);
    },
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}

/** Why `work` failed; undefined when it did not. */
async function faultOf(work: Promise<unknown>, limitMs: number): Promise<string | undefined> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer in ${limitMs} ms`)), limitMs);
  try {
    await Promise.race([work, promise]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}
