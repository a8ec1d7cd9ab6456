import { createInterface } from 'node:readline/promises';

/** Reads a line that the terminal does not show. */
export async function promptHidden(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const reader = createInterface({ input: process.stdin, output: undefined, terminal: true });
  reader.once('SIGINT', () => process.exit(130));
  try {
    return await reader.question('');
  } finally {
    reader.close();
    process.stderr.write('\n');
  }
}

/** Asks a person; no is the answer of whoever says something else than yes. */
export async function confirm(question: string): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  reader.once('SIGINT', () => process.exit(130));
  try {
    return /^y(es)?$/i.test((await reader.question(`${question} [y/N] `)).trim());
  } finally {
    reader.close();
  }
}
