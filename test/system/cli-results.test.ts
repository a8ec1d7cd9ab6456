import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import { root } from './run-picket.ts';

const folder = mkdtempSync(join(tmpdir(), 'picket-results-'));

async function count(results: object, env: Record<string, string> = {}): Promise<string> {
  const file = join(folder, 'results.json');
  writeFileSync(file, JSON.stringify(results));
  const { stdout } = await promisify(execFile)(process.execPath, [`${root}test/results.js`, file], {
    env,
  });
  return stdout.trim();
}

function test(status: string): object {
  return { status, title: 'does', ancestorTitles: ['it'] };
}

describe('the last line of npm test', () => {
  it('counts tests, and a file that could not run as one failure', async () => {
    const testResults = [
      { status: 'failed', assertionResults: [test('passed'), test('failed'), test('failed')] },
      { status: 'focused', assertionResults: [test('passed'), test('pending')] },
      { status: 'failed', assertionResults: [] },
    ];

    expect(await count({ testResults })).toBe('2 passed, 3 failed');
    expect(await count({ testResults }, { CI: 'true' })).toBe('2 passed, 4 failed');
  });

  it('counts what had ended when a run is stopped before its end', async () => {
    const file = join(folder, 'kept', 'results.json');
    const { default: KeepResults } = await import(`${root}test/keep-results.js`);
    const reporter = new KeepResults({}, { file });
    reporter.onTestResult({}, { testResults: [test('passed'), test('failed')] });
    reporter.onTestResult({}, { testResults: [], testExecError: { message: 'cannot be read' } });
    reporter.onTestResult({}, { testResults: [test('passed'), test('pending')] });

    expect(await count(JSON.parse(readFileSync(file, 'utf8')))).toBe('2 passed, 2 failed');
  });

  it('is a failure when nothing ran, or nothing was written', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      `${root}test/results.js`,
      join(folder, 'nowhere.json'),
    ]);

    expect(await count({ testResults: [] })).toBe('0 passed, 1 failed');
    expect(stdout.trim()).toBe('0 passed, 1 failed');
  });
});
