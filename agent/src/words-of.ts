/** What went wrong, with its causes: `fetch failed: self-signed certificate`. `fetch` hides the only part that tells anything in the cause. */
export function wordsOf(error: unknown): string {
  const words: string[] = [];
  for (let at = error; at !== undefined && words.length < 5; at = causeOf(at)) {
    if (!(at instanceof Error)) {
      words.push(typeof at === 'string' ? at : JSON.stringify(at));
      break;
    }
    const { code } = at as NodeJS.ErrnoException;
    words.push(at.message || code || at.name);
  }
  return words.join(': ');
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
