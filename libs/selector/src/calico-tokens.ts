import { SelectorTextInvalid } from './selector-text.ts';

/** One regular expression for each kind of token, tried in this order. */
const PATTERNS = [
  ['call', /(all|global)\s*\(\s*\)/y],
  ['has', /has\s*\(\s*([a-zA-Z0-9_./-]{1,512})\s*\)/y],
  ['symbol', /&&|\|\||==|!=|[!(){},]/y],
  ['text', /"([^"]*)"|'([^']*)'/y],
  ['operator', /(?:contains|starts\s*with|ends\s*with|not\s+in|in)(?![a-zA-Z0-9_./-])/y],
  ['label', /[a-zA-Z0-9_./-]{1,512}/y],
] as const;

const SPACE = /\s*/y;

/** A piece of a Calico selector; `value` is a symbol, an operator without spaces, a label, or a text without its quotes. */
export interface CalicoToken {
  readonly kind: (typeof PATTERNS)[number][0] | 'end';
  readonly value: string;
  /** Index of its first character. */
  readonly at: number;
}

/** The tokens of the text, and one of kind `end`. Throws SelectorTextInvalid. */
export function calicoTokens(text: string): CalicoToken[] {
  const tokens: CalicoToken[] = [];
  let at = 0;
  for (;;) {
    at += matchAt(SPACE, text, at)?.[0].length ?? 0;
    if (at >= text.length) return [...tokens, { kind: 'end', value: 'the end', at }];
    const { kind, match } = tokenAt(text, at);
    const [whole, one, two] = match;
    tokens.push({ kind, value: one ?? two ?? whole.replace(/\s+/g, ''), at });
    at += whole.length;
  }
}

function tokenAt(
  text: string,
  at: number,
): { kind: Exclude<CalicoToken['kind'], 'end'>; match: RegExpExecArray } {
  for (const [kind, pattern] of PATTERNS) {
    const match = matchAt(pattern, text, at);
    if (match) return { kind, match };
  }
  const rest = JSON.stringify(text.slice(at, at + 20));
  throw new SelectorTextInvalid(`At ${at}: ${rest} is no part of a Calico selector`);
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
