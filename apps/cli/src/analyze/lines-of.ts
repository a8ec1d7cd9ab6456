/** Longer lines are cut, so that input without line breaks needs no more memory. */
const LENGTH_MAX = 65_536;

/** The lines of a stream of bytes, without their ends. */
export async function* linesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = (lines.pop() ?? '').slice(0, LENGTH_MAX);
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
