// Plain JavaScript: counts what Jest wrote (--json), for test/run.js. `node test/results.js [FILE]` says it in one line, for .ci/run.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const resultsFile = fileURLToPath(new URL('../.cache/jest-results.json', import.meta.url));

/**
 * Counts tests, not files; but a file that could not even run counts as one failure, and so does a run without tests.
 * With `skipsFail` (CI) a skipped test is a failed one.
 */
export function countResults({ testResults }, skipsFail) {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const failed =
    tests.filter(({ status }) => status === 'failed').length +
    brokenFiles.length +
    (skipsFail ? skipped.length : 0);
  return {
    passed,
    failed: passed + failed === 0 ? 1 : failed,
    skippedSuites: skipped.reduce((counts, { ancestorTitles: [suite], title }) => {
      const key = suite ?? title;
      return counts.set(key, (counts.get(key) ?? 0) + 1);
    }, new Map()),
  };
}

/** Adds a test that is no file of Jest's. */
export function addResult(title, isPassed, file = resultsFile) {
  if (!existsSync(file)) return;
  const results = JSON.parse(readFileSync(file, 'utf8'));
  const status = isPassed ? 'passed' : 'failed';
  results.testResults.push({ status, assertionResults: [{ status, title, ancestorTitles: [] }] });
  writeFileSync(file, JSON.stringify(results));
}

/** The counts of the last run. A run that left nothing to read failed. */
export function readResults(skipsFail, file = resultsFile) {
  if (!existsSync(file)) return { passed: 0, failed: 1, skippedSuites: new Map() };
  return countResults(JSON.parse(readFileSync(file, 'utf8')), skipsFail);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { passed, failed } = readResults(Boolean(process.env.CI), process.argv[2]);
  console.log(`${passed} passed, ${failed} failed`);
}
