// `npm run bench -- NAME [options]`: builds what is measured, runs one bench, and prints one JSON line per figure.
import { readdirSync } from 'node:fs';

import { buildBundles, installWhenStale, run } from '../../apps/cli/entry/bootstrap.js';

const [name, ...options] = process.argv.slice(2);
const folder = new URL('.', import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.replace('.bench.ts', ''));
if (!names.includes(name ?? '')) {
  console.error(`npm run bench -- NAME [options], where NAME is one of: ${names.join(', ')}`);
  process.exit(2);
}
installWhenStale();
await buildBundles('*');
process.exit(
  await run('node', [
    '--disable-warning=ExperimentalWarning',
    `test/bench/${name}.bench.ts`,
    ...options,
  ]),
);
