import 'reflect-metadata';

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { printSchema } from 'graphql';
import { pino } from 'pino';

import { loadConfig } from './config/config.ts';
import { HubModule } from './hub.module.ts';
import { createDataSource, StatementCounter } from './platform/database.ts';
import { createServices } from './services.ts';

const HEADER =
  '# Generated from the code by `npm run schema -w @picket/control-plane`. Do not edit.\n\n';

/** Writes schema.graphql, or with `--check` says whether it is up to date. Needs no database: nothing is started. */
async function main(): Promise<void> {
  const config = loadConfig({
    DATABASE_URL: 'postgres://nowhere/none',
    SIGNING_KEY_FILE: '-',
    TOKEN_SECRET_FILE: '-',
  });
  const statements = new StatementCounter();
  const logger = pino({ level: 'silent' });
  const services = createServices(
    config,
    createDataSource(config, logger, statements),
    statements,
    logger,
  );
  const app = await NestFactory.create<NestFastifyApplication>(
    HubModule.of(services),
    new FastifyAdapter(),
    { logger: false, abortOnError: false },
  );
  await app.init();
  const text = `${HEADER}${printSchema(app.get(GraphQLSchemaHost).schema)}\n`;
  const file = path.join(import.meta.dirname, '..', 'schema.graphql');
  if (process.argv.includes('--check')) {
    if ((await readFile(file, 'utf8').catch(() => '')) !== text)
      throw new Error(`${file} is out of date: npm run schema -w @picket/control-plane`);
  } else await writeFile(file, text);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(
      `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exit(1);
  },
);
