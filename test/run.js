// `npm test [-- PATTERN]`: every test in one Jest run, as the first command on a fresh clone too.
import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { buildBundles, installWhenStale, run } from '../apps/cli/entry/bootstrap.js';
import { addResult, readResults, resultsFile } from './results.js';
import { forgetLogs, readLogs } from './support/logs/kept-logs.js';

installWhenStale();
await buildBundles('*'); // the system tests start what people start

mkdirSync(dirname(resultsFile), { recursive: true });
rmSync(resultsFile, { force: true });
forgetLogs();
const jest = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  '--forceExit', // a test that fails half way leaves its hub open, and the run must end all the same
];
const keeping = [
  '--reporters=default',
  `--reporters=${fileURLToPath(new URL('keep-results.js', import.meta.url))}`,
];
const code = await run(
  'node',
  [...jest, ...keeping, '--json', `--outputFile=${resultsFile}`, ...process.argv.slice(2)],
  { stdio: ['ignore', 'ignore', 'inherit'] }, // Jest tells its story on stderr; stdout repeats the JSON
);

// The last test is about all of them.
const logs = readLogs();
for (const secret of logs.secrets) console.error(`A log holds ${secret}`);
if (logs.length > 0) addResult('no log of the run holds a secret', logs.secrets.length === 0);

const inCi = Boolean(process.env.CI);
const { passed, failed, skippedSuites } = readResults(inCi);
if (skippedSuites.size > 0)
  console.log(`\nSkipped${inCi ? ', which is a failure with CI set' : ''}:`);
for (const [title, count] of skippedSuites) console.log(`  ${title} (tests: ${count})`);

const failures = failed === 0 && code !== 0 ? 1 : failed; // such as a failed teardown
console.log(`\n${passed} passed, ${failures} failed`);
process.exit(failures === 0 ? 0 : code || 1);
