import { expect, it } from '@jest/globals';

import { linesOf } from './lines.ts';

async function lines(...chunks: readonly Uint8Array[]): Promise<string[]> {
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  }
  const all: string[] = [];
  for await (const line of linesOf(stream())) all.push(line);
  return all;
}

it('finds lines wherever the pieces are cut, in the middle of a letter too', async () => {
  const bytes = Buffer.from('één\ntwo\n\nfour');

  for (let at = 0; at <= bytes.length; at += 1)
    expect(await lines(bytes.subarray(0, at), bytes.subarray(at))).toEqual([
      'één',
      'two',
      '',
      'four',
    ]);
});

it('refuses a line without an end', async () => {
  const piece = Buffer.alloc(1_000_000, 'x');

  await expect(lines(piece, piece, piece)).rejects.toThrow('more than 2097152 characters');
});
