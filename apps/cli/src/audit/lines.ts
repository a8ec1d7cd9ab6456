import { Failure, exitCode } from '../exit-code.ts';

/** Twice what the hub stores of one event. */
const LINE_MAX = 2 * 1_048_576;

/** The lines of a text that comes in pieces, without their ends. One that never ends is a `Failure`. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > LINE_MAX)
      throw new Failure(exitCode.badInput, `A line has more than ${LINE_MAX} characters`);
    yield* parts;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
