// Plain JavaScript: a reporter of Jest. Its own --json comes only at the end, and a run that is stopped before has counts too.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { resultsFile } from './results.js';

/** Keeps what each file came to, in the shape of Jest's own JSON as far as results.js reads it. */
// oxlint-disable-next-line import/no-default-export -- Jest takes a reporter by its default export
export default class KeepResults {
  #file;
  #testResults = [];

  constructor(_config, { file = resultsFile } = {}) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
  }

  onTestResult(_test, { testResults, testExecError }) {
    const isFailed =
      Boolean(testExecError) || testResults.some(({ status }) => status === 'failed');
    this.#testResults.push({
      status: isFailed ? 'failed' : 'passed',
      assertionResults: testResults.map(({ status, title, ancestorTitles }) => ({
        status,
        title,
        ancestorTitles,
      })),
    });
    writeFileSync(this.#file, JSON.stringify({ testResults: this.#testResults }));
  }
}
