import 'reflect-metadata';

import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { GraphQLSchema } from 'graphql';
import fastify, { type FastifyInstance } from 'fastify';

import { bootstrap } from './access/tokens.ts';
import type { AgentGateway } from './agent-gateway/agent-gateway.ts';
import { loadKeys } from './agent-gateway/keys.ts';
import type { Config } from './config/config.ts';
import { explorerRoute } from './explorer.ts';
import { exportRoute } from './export-route.ts';
import { healthRoutes } from './health.ts';
import { HubModule, validationRules } from './hub.module.ts';
import { liveRoute } from './live-route.ts';
import { assertLeastPrivilege } from './platform/app-role.ts';
import { createDataSource, StatementCounter } from './platform/database.ts';
import { createLogger } from './platform/logger.ts';
import { migrateAsOwner, untilMigrated } from './platform/migrate-as-owner.ts';
import { securityHeaders } from './platform/security-headers.ts';
import { createServices, type Services } from './services.ts';
import { wellKnownRoute } from './well-known.ts';

/** What somebody else names a request by, a proxy or a client. */
const REQUEST_ID = /^[\w-]{1,64}$/;
const REQUEST_MS = 60_000;
/** Below the 30 s that Kubernetes gives a container to end. */
const DRAIN_MS = 10_000;

/** `api` serves people and agents, `worker` takes jobs and serves only health, `all` does both (embedded). */
export type Shape = 'api' | 'worker' | 'all';

export interface Hub {
  readonly url: string;
  readonly services: Services;
  /** Stops accepting, finishes what was accepted, lets running jobs end, closes. */
  stop(): Promise<void>;
}

/** Starts a hub in this process. Throws, with everything cleaned up, when it cannot. */
export async function startHub(config: Config, shape: Shape): Promise<Hub> {
  const logger = createLogger(config.LOG_LEVEL);
  const { MIGRATION_DATABASE_URL } = config;
  if (MIGRATION_DATABASE_URL) await migrateAsOwner({ ...config, MIGRATION_DATABASE_URL }, logger);
  const statements = new StatementCounter();
  const dataSource = await createDataSource(config, logger, statements).initialize();
  const undo: (() => Promise<unknown>)[] = [() => dataSource.destroy()];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    await assertLeastPrivilege(dataSource); // a database of one role would wait for nobody
    await untilMigrated(dataSource, logger);
    await assertLeastPrivilege(dataSource);
    // The worker has no use for the token, so it is not given the file.
    const isApi = shape !== 'worker';
    if (isApi && (await bootstrap(dataSource, config)))
      logger.info({ file: config.BOOTSTRAP_TOKEN_FILE }, 'the first admin token was made');

    const services = createServices(config, dataSource, statements, logger);
    const { authenticator, fanOut, jobs, rateLimits } = services;
    undo.push(() => Promise.resolve(rateLimits.close()));
    undo.push(() => authenticator.close());
    undo.push(() => jobs.close());
    for (const sums of [services.refusals, services.signIns]) {
      sums.start();
      undo.push(() => sums.stop());
    }
    await fanOut.start();
    undo.push(() => fanOut.close());
    await jobs.check();

    const gateway = isApi ? services.gateway(await loadKeys(config)) : undefined;
    if (gateway) undo.push(() => gateway.close());
    const { app, close } = await listen(config, services, gateway);
    undo.push(close);
    const url = addressOf(app, config);
    services.address.hubUrl = config.PUBLIC_URL ?? url;
    if (shape !== 'api') {
      for (const work of [services.sealer, services.auditStream]) undo.push(await work.start());
      undo.push(startWorker(services));
    }
    return { url, services, stop };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

async function listen(
  config: Config,
  services: Services,
  gateway: AgentGateway | undefined,
): Promise<{ app: FastifyInstance; close: () => Promise<unknown> }> {
  const tls =
    config.TLS_CERT_FILE && config.TLS_KEY_FILE
      ? {
          https: {
            cert: await readFile(config.TLS_CERT_FILE),
            key: await readFile(config.TLS_KEY_FILE),
          },
        }
      : {};
  const options = {
    ...tls,
    bodyLimit: config.BODY_BYTES_MAX,
    trustProxy: config.TRUSTED_PROXIES ?? false,
    // Agents come with short bursts of requests; holding their idle connections would double the descriptors.
    keepAliveTimeout: 5_000,
    // What is under way gets its answer; see drain().
    forceCloseConnections: 'idle' as const,
    // Between the first byte of a request and its last: nobody holds a connection by sending slowly.
    requestTimeout: REQUEST_MS,
    genReqId: ({ headers: { 'x-request-id': given } }: IncomingMessage) =>
      typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID(),
    routerOptions: { maxParamLength: 200 },
  };
  if (!gateway) {
    const app = fastify(options) as unknown as FastifyInstance;
    healthRoutes(app, services, undefined);
    await app.listen({ host: config.HOST, port: config.PORT });
    return { app, close: () => drain(app, () => app.close()) };
  }
  const adapter = new FastifyAdapter(options);
  const app = adapter.getInstance() as unknown as FastifyInstance;
  securityHeaders(app, config.TLS_CERT_FILE !== undefined || config.TLS_TERMINATED);
  healthRoutes(app, services, gateway);
  if (config.API_EXPLORER) explorerRoute(app);
  wellKnownRoute(app, config);
  exportRoute(app, services);
  await app.register((scope, _options, done) => {
    gateway.routes(scope);
    done();
  });
  const nest = await NestFactory.create<NestFastifyApplication>(HubModule.of(services), adapter, {
    logger: false,
    abortOnError: false,
  });
  app.addHook('preClose', (done) => {
    gateway.streams.close(); // they would never end by themselves
    done();
  });
  await nest.init();
  const { schema } = (app as unknown as { graphql: { schema: GraphQLSchema } }).graphql;
  const closeLive = liveRoute(app, schema, validationRules(config), services);
  await nest.listen(config.PORT, config.HOST);
  const close = async (): Promise<void> => {
    await closeLive();
    await nest.close();
  };
  return { app, close: () => drain(app, close) };
}

/** Lets requests that are under way finish, but waits for nobody longer than that. */
async function drain(app: FastifyInstance, close: () => Promise<unknown>): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
  try {
    await close();
  } finally {
    clearTimeout(timer);
  }
}

function addressOf(app: FastifyInstance, config: Config): string {
  const { port } = app.server.address() as AddressInfo;
  const host = config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST;
  return `${config.TLS_CERT_FILE ? 'https' : 'http'}://${host}:${port}`;
}

/** Takes jobs, and looks now and then for what no event announced. */
function startWorker({ jobs, handlers, sweeps, config, logger }: Services): () => Promise<void> {
  jobs.work(handlers);
  let running = Promise.resolve();
  const sweep = async (): Promise<void> => {
    for (const work of sweeps)
      await work().catch((error: unknown) =>
        logger.warn({ error: String(error) }, 'a sweep failed'),
      );
  };
  const timer = setInterval(() => {
    running = running.then(sweep);
  }, config.SWEEP_MS);
  running = sweep();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
