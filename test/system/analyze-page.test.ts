import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';

import { parseMarkdown } from '../support/documents/markdown.ts';
import { root, runPicket } from './run-picket.ts';

const page = 'apps/cli/analyze.md';
const { blocks } = parseMarkdown(page, readFileSync(`${root}${page}`, 'utf8'));
const folder = mkdtempSync(path.join(tmpdir(), 'picket-page-'));
afterAll(() => rmSync(folder, { recursive: true }));
for (const { file, text } of blocks) {
  if (file === undefined) continue;
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), `${text}\n`);
}

describe('the page about picket analyze shows what is printed', () => {
  const examples = blocks.flatMap(({ language, text }, index) =>
    language === 'sh' ? [[text, blocks[index + 1]?.text ?? ''] as const] : [],
  );

  it('in examples of every command', () => {
    const commands = new Set(examples.map(([line]) => line.split(' ')[2]));

    expect(commands).toEqual(new Set(['list', 'diff', 'eval', 'explain', 'lint']));
  });

  it.each(examples)('%s', async (line, output) => {
    const { stdout } = await runPicket(line.split(' ').slice(1), { cwd: folder });

    expect(stdout).toBe(`${output}\n`);
  });
});
