#!/usr/bin/env node
// `npx picket`: the bundle, built first when there is none yet (`npm run up` and `npm run demo` keep it fresh).
import { existsSync } from 'node:fs';

import { buildBundles, installWhenStale } from './bootstrap.js';

const bundle = new URL('../dist/picket.js', import.meta.url);
if (!existsSync(bundle)) {
  installWhenStale();
  await buildBundles('@picket/cli');
}
await import(bundle.href);
