#!/usr/bin/env node
// `npx picket`: the bundle, built first when there is none yet (`npm run up` and `npm run demo` keep it fresh).
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { buildBundles, installWhenStale, run } from './bootstrap.js';

const bundle = new URL('../dist/picket.js', import.meta.url);
if (!existsSync(bundle)) {
  installWhenStale();
  await buildBundles('@picket/cli');
}
// npx puts the pinned Node first; who calls this file directly may have an older one.
if (Number(process.versions.node.split('.')[0]) >= 22) await import(bundle.href);
else
  process.exit(
    await run('node', [fileURLToPath(bundle), ...process.argv.slice(2)], { cwd: process.cwd() }),
  );
