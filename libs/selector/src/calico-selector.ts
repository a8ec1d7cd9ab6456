import { calicoTokens, type CalicoToken } from './calico-tokens.ts';
import { EVERY_LABEL_SET, type LabelFormula, type LabelTest } from './label-formula.ts';
import { SelectorTextInvalid } from './selector-text.ts';

const MAX_LENGTH = 16_384;
const MAX_DEPTH = 64;

/**
 * Reads Calico's selector language: `a == 'x' && (has(b) || !c in {'y', 'z'})`, with `!=`, `not in`, `contains`, `starts with`,
 * `ends with`, `all()` and `global()`. An empty text is `all()` (Calico documentation, NetworkPolicy, Selectors).
 *
 * Throws SelectorTextInvalid with the place that is wrong. At most 16,384 characters and 64 nested parentheses.
 */
export function parseCalicoSelector(text: string): LabelFormula {
  if (text.length > MAX_LENGTH)
    throw new SelectorTextInvalid(`A Calico selector has at most ${MAX_LENGTH} characters`);
  const cursor: Cursor = { tokens: calicoTokens(text), index: 0, depth: 0 };
  if (peek(cursor).kind === 'end') return EVERY_LABEL_SET;
  const formula = readAny(cursor);
  if (peek(cursor).kind !== 'end') throw unexpected(cursor, '"&&", "||" or the end');
  return formula;
}

/** Reads on from `index`, which grows. */
interface Cursor {
  readonly tokens: readonly CalicoToken[];
  index: number;
  depth: number;
}

/** `||` binds weakest. */
function readAny(cursor: Cursor): LabelFormula {
  const parts = [readAll(cursor)];
  while (takes(cursor, '||')) parts.push(readAll(cursor));
  return parts.length === 1 && parts[0] ? parts[0] : { any: parts };
}

function readAll(cursor: Cursor): LabelFormula {
  const parts = [readOne(cursor)];
  while (takes(cursor, '&&')) parts.push(readOne(cursor));
  return parts.length === 1 && parts[0] ? parts[0] : { all: parts };
}

function readOne(cursor: Cursor): LabelFormula {
  let isNegated = false;
  while (takes(cursor, '!')) isNegated = !isNegated;
  const formula = readUnit(cursor);
  return isNegated ? { not: formula } : formula;
}

function readUnit(cursor: Cursor): LabelFormula {
  if (takes(cursor, '(')) {
    if (++cursor.depth > MAX_DEPTH)
      throw new SelectorTextInvalid(`A Calico selector nests at most ${MAX_DEPTH} parentheses`);
    const formula = readAny(cursor);
    if (!takes(cursor, ')')) throw unexpected(cursor, '")"');
    cursor.depth--;
    return formula;
  }
  const { kind, value } = peek(cursor);
  switch (kind) {
    case 'call':
      cursor.index++;
      // global() means what belongs to no namespace: the caller must look for it where that matters.
      return EVERY_LABEL_SET;
    case 'has':
      cursor.index++;
      return { key: value, operator: 'Exists' };
    case 'label':
      cursor.index++;
      return readTest(cursor, value);
    case 'symbol':
    case 'text':
    case 'operator':
    case 'end':
      throw unexpected(cursor, 'a label, has(), all() or "("');
  }
}

/** Calico's `!=` and `not in` hold for objects without the label too, as NotIn does. */
const OPERATORS: Readonly<Record<string, LabelTest['operator']>> = {
  '==': 'In',
  '!=': 'NotIn',
  in: 'In',
  notin: 'NotIn',
  contains: 'Contains',
  startswith: 'StartsWith',
  endswith: 'EndsWith',
};

function readTest(cursor: Cursor, key: string): LabelFormula {
  const written = peek(cursor);
  const operator =
    written.kind === 'symbol' || written.kind === 'operator' ? OPERATORS[written.value] : undefined;
  if (!operator)
    throw unexpected(cursor, '"==", "!=", in, not in, contains, starts with, ends with');
  cursor.index++;
  const isSet = written.value === 'in' || written.value === 'notin';
  return { key, operator, values: isSet ? readSet(cursor) : [readText(cursor)] };
}

/** `{'a', "b"}`, sorted and each once, so equal sets are equal data. */
function readSet(cursor: Cursor): string[] {
  if (!takes(cursor, '{')) throw unexpected(cursor, '"{"');
  const values = new Set<string>();
  if (takes(cursor, '}')) return [];
  do values.add(readText(cursor));
  while (takes(cursor, ','));
  if (!takes(cursor, '}')) throw unexpected(cursor, '"," or "}"');
  return [...values].toSorted();
}

function readText(cursor: Cursor): string {
  const { kind, value } = peek(cursor);
  if (kind !== 'text') throw unexpected(cursor, 'a text in quotes');
  cursor.index++;
  return value;
}

function takes(cursor: Cursor, symbol: string): boolean {
  const { kind, value } = peek(cursor);
  if (kind !== 'symbol' || value !== symbol) return false;
  cursor.index++;
  return true;
}

function peek({ tokens, index }: Cursor): CalicoToken {
  return tokens[index] ?? { kind: 'end', value: 'the end', at: 0 };
}

function unexpected(cursor: Cursor, wanted: string): SelectorTextInvalid {
  const { at, value } = peek(cursor);
  return new SelectorTextInvalid(`At ${at}: expected ${wanted}, not ${JSON.stringify(value)}`);
}
