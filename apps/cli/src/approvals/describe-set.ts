import { createTwoFilesPatch } from 'diff';
import { stringify } from 'yaml';

/** What differs between two policy sets, as unified text that shows every letter; without `before` the whole set. */
export function describeSet(before: string | undefined, after: string): string {
  const patch = createTwoFilesPatch(
    before === undefined ? '/dev/null' : 'runs',
    'waits',
    before === undefined ? '' : toText(before),
    toText(after),
    undefined,
    undefined,
    { context: 3 },
  );
  return visible(patch.replace(/^=+\n/, ''));
}

function toText(set: string): string {
  return stringify(JSON.parse(set), { lineWidth: 0 });
}

/** Somebody signs what they see: nothing may steer the terminal, turn the direction of writing, or be there unseen. */
function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (letter) =>
    letter === '\n' ? letter : `\\u{${letter.codePointAt(0)?.toString(16)}}`,
  );
}
