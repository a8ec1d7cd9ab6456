import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { linesOf } from './lines-of.ts';

async function* chunksOf(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length)
    yield await Promise.resolve(bytes.slice(at, at + length));
}

async function linesIn(text: string, length: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(chunksOf(new TextEncoder().encode(text), length)))
    lines.push(line);
  return lines;
}

it('gives the lines of a text wherever it is cut, also within a letter', async () => {
  const lines = fc.array(fc.string({ unit: 'grapheme' }).map((line) => line.replaceAll('\n', '')));
  await fc.assert(
    fc.asyncProperty(lines, fc.integer({ min: 1, max: 9 }), async (expected, length) => {
      expect(await linesIn(expected.map((line) => `${line}\n`).join(''), length)).toEqual(expected);
    }),
  );
});

it('gives a last line that has no end', async () => {
  expect(await linesIn('a\nb', 2)).toEqual(['a', 'b']);
});

it('holds no more than a part of a line without an end', async () => {
  const [line] = await linesIn('x'.repeat(1_000_000), 1_000);

  expect(line?.length).toBeLessThan(70_000);
});
