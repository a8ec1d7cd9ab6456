/** Characters that are written at once: fewer calls, and still little memory. */
const PART_LENGTH = 65_536;

/** Writes text to standard output as it is made, no faster than it is taken; ends early when nobody reads any more. */
export async function writeOut(pieces: Iterable<string>): Promise<void> {
  let part = '';
  for (const piece of pieces) {
    part += piece;
    if (part.length < PART_LENGTH) continue;
    if (!(await isWritten(part))) return;
    part = '';
  }
  await isWritten(part);
}

function isWritten(part: string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(part, (error) => resolve(!error));
  });
}
