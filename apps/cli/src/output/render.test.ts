import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { type Column, formatLabels, oneLine, render } from './render.ts';

interface Thing {
  name: string;
  words: string;
}
const things: Thing[] = [
  { name: 'a', words: 'short' },
  { name: 'much-longer', words: 'two\nlines \u001b[31mred' },
];
const columns: Column<Thing>[] = [
  ['NAME', ({ name }) => name],
  ['WORDS', ({ words }) => words],
];

describe('render', () => {
  it('lines columns up and lets no cell steer the terminal', () => {
    expect(render('table', things, columns)).toBe(
      ['NAME          WORDS', 'a             short', 'much-longer   two lines  [31mred'].join('\n'),
    );
  });

  it.each(['json', 'yaml'] as const)('gives the things unchanged as %s', (format) => {
    expect(parse(render(format, things, columns))).toEqual(things);
  });

  it('prints the heads of an empty table', () => {
    expect(render('table', [], columns)).toBe('NAME   WORDS');
  });
});

describe('oneLine', () => {
  it('cuts what would flood the terminal', () => {
    expect(oneLine('a'.repeat(1_000))).toHaveLength(1_000);
    expect(oneLine('a'.repeat(1_001))).toBe(`${'a'.repeat(1_000)}…`);
  });
});

describe('formatLabels', () => {
  it('writes labels as people do', () => {
    expect(formatLabels({ tier: 'prod', region: 'eu' })).toBe('tier=prod,region=eu');
  });
});
