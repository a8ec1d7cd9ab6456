import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { GraphQLSchema } from 'graphql';
import { pino } from 'pino';

import { loadConfig } from './config/config.ts';
import { HubModule } from './hub.module.ts';
import { createDataSource, StatementCounter } from './platform/database.ts';
import { createServices, type Services } from './services.ts';

/** Services of a hub that is nowhere: nothing is started, nothing is asked of a database. */
export function servicesOfNoHub(): Services {
  const config = loadConfig({
    DATABASE_URL: 'postgres://nowhere/none',
    SIGNING_KEY_FILE: '-',
    TOKEN_SECRET_FILE: '-',
  });
  const statements = new StatementCounter();
  const logger = pino({ level: 'silent' });
  const dataSource = createDataSource(config, logger, statements);
  return createServices(config, dataSource, statements, logger);
}

/** The API as it is, without a hub behind it, to be looked at. */
export async function createApi(
  module = HubModule.of(servicesOfNoHub()),
): Promise<{ readonly app: NestFastifyApplication; readonly schema: GraphQLSchema }> {
  const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), {
    logger: false,
    abortOnError: false,
  });
  await app.init();
  return { app, schema: app.get(GraphQLSchemaHost).schema };
}
