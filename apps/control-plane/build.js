import { cp } from 'node:fs/promises';
import path from 'node:path';

import { rolldown } from 'rolldown';

// Optional parts of our libraries that we do not use; they are asked for only when configured. Whatever is imported at the start must
// not stand here: a bundle runs where there is no node_modules.
const ABSENT =
  /^(@nestjs\/(microservices|websockets|platform-socket\.io|apollo)|@apollo\/|@mercuriusjs\/|class-(validator|transformer)|bullmq-otel|redis$|pg-native|pino-pretty|ts-morph|@as-integrations|@fastify\/view|mysql|mongodb|mssql|oracledb|sqlite3|better-sqlite3|sql\.js|hdb-pool|@sap\/|@google-cloud|typeorm-aurora|react-native|expo|ts-node|pg-query-stream|altair|utf-8-validate|bufferutil)/;

const here = import.meta.dirname;
for (const main of process.argv.slice(2).length > 0
  ? process.argv.slice(2)
  : ['main.all', 'main.api', 'main.worker', 'main.migrate', 'write-schema']) {
  const bundle = await rolldown({
    input: path.join(here, 'src', `${main}.ts`),
    platform: 'node',
    external: ABSENT,
    tsconfig: path.join(here, 'tsconfig.json'),
    logLevel: 'silent',
  });
  await bundle.write({
    file: path.join(here, 'dist', `${main}.js`),
    format: 'esm',
    codeSplitting: false,
    sourcemap: false,
    // V8 keeps a source in memory, and one letter beyond ASCII doubles it.
    charset: 'ascii',
    comments: false,
    // Bundled CommonJS packages ask for Node's own modules by require().
    banner:
      "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  });
  await bundle.close();
}
await cp(path.join(here, 'migrations'), path.join(here, 'dist', 'migrations'), { recursive: true });
