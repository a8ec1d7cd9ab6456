import 'reflect-metadata';

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { printSchema } from 'graphql';

import { createApi } from './create-api.ts';

const HEADER =
  '# Generated from the code by `npm run schema -w @picket/control-plane`. Do not edit.\n\n';

/** Writes schema.graphql, or with `--check` says whether it is up to date. Needs no database: nothing is started. */
async function main(): Promise<void> {
  const { schema } = await createApi();
  const text = `${HEADER}${printSchema(schema)}\n`;
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
