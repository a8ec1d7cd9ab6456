import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { runPicket } from './run-picket.ts';

const nobody = { PICKET_URL: 'http://127.0.0.1:1', PICKET_TOKEN: 'none' };

describe('picket, before it asks a hub', () => {
  it('tells in its help how to find the hub and what the exit codes mean', async () => {
    const { code, stdout } = await runPicket(['--help']);

    expect(code).toBe(0);
    for (const word of [
      'apply',
      'get',
      'policy-set',
      'PICKET_TOKEN_FILE',
      'Exit codes',
      '4  the hub',
    ])
      expect(stdout).toContain(word);
  });

  it.each([
    ['no command', [], 2, 'Usage: picket'],
    ['an unknown command', ['aplly'], 2, 'Did you mean apply?'],
    ['an unknown flag', ['get', 'clusters', '--wide'], 2, "unknown option '--wide'"],
    [
      'an unknown output format',
      ['get', 'clusters', '-o', 'xml'],
      2,
      'Allowed choices are table, json, yaml',
    ],
    [
      'a missing file flag',
      ['apply'],
      2,
      "required option '-f, --filename <path...>' not specified",
    ],
    ['a file that is not there', ['apply', '-f', 'no-such.yaml'], 2, 'no such file or folder'],
    ['a label that is none', ['cluster', 'register', 'a', '-l', 'prod'], 2, 'written key=value'],
    [
      'a state folder that cannot be one',
      ['up', '--state-dir', 'package.json'],
      2,
      'Cannot keep state in',
    ],
    [
      'a demo below a file',
      ['demo', '--state-dir', 'package.json'],
      2,
      'Give another folder: --state-dir',
    ],
    ['a port that is none', ['up', '--port', '70000'], 2, 'A port is a number from 1 to 65535'],
    [
      'a hub that is not there',
      ['get', 'clusters'],
      4,
      'Cannot reach the hub at http://127.0.0.1:1',
    ],
  ])('answers %s with a clear message and exit code', async (_, args, code, message) => {
    const outcome = await runPicket(args, { env: nobody });

    expect(outcome.stderr).toContain(message);
    expect(outcome).toMatchObject({ code, stdout: '' });
  });

  it('says how to name a hub when none is known', async () => {
    const { code, stderr } = await runPicket(['get', 'clusters'], {
      cwd: mkdtempSync(join(tmpdir(), 'picket-empty-')),
    });

    expect(code).toBe(2);
    expect(stderr).toContain('picket login URL');
  });

  it('names file, line and column of text that is not YAML', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'picket-bad-')), 'bad.yaml');
    writeFileSync(file, 'kind: Blueprint\nmetadata: [\n');

    const fromFile = await runPicket(['apply', '-f', file], { env: nobody });
    const fromInput = await runPicket(['apply', '-f', '-'], { env: nobody, input: 'a: b: c' });

    expect(fromFile).toMatchObject({ code: 2, stderr: expect.stringContaining(`${file}:3:1`) });
    expect(fromInput).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('standard input:1:'),
    });
  });
});
