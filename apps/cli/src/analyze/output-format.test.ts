import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { dotGraph } from './dot-graph.ts';
import { csvTable, jsonArray, markdownTable } from './output-format.ts';
import { rowsText } from './rows-text.ts';

const NOTHING = { TCP: [], UDP: [], SCTP: [] };
const hostile = 'a"b\\c|d\ne\u001b[31m,f';

describe('jsonArray', () => {
  it('is JSON with one item on each line, for any number of items', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 5 }), (items) => {
        const text = [...jsonArray(items.map((item) => JSON.stringify(item)))].join('');

        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(items)));
        expect(text.split('\n')).toHaveLength(items.length === 0 ? 2 : items.length + 3);
      }),
    );
  });
});

describe('names that were made to break the form', () => {
  it('stay one cell of CSV', () => {
    const text = [...csvTable(['a', 'b'], [[hostile, 'plain']])].join('');

    expect(text).toBe(`a,b\n"a""b\\c|d\ne\u001b[31m,f",plain\n`);
  });

  it('stay one cell of Markdown', () => {
    const text = [...markdownTable(['a'], [[hostile]])].join('');

    expect(text).toBe('| a |\n| --- |\n| a"b\\\\c\\|d e [31m,f |\n');
  });

  it('stay one node of a graph', () => {
    const text = [...dotGraph([hostile], [])].join('');

    expect(text).toBe('digraph {\n  "a\\"b\\\\c|d e [31m,f" [color="blue"]\n}\n');
  });

  it('stay one line of text, and one string of JSON', () => {
    const rows = [{ src: hostile, dst: 'b', connections: NOTHING }];

    expect([...rowsText('txt', rows, [])].join('')).toBe(
      'a"b\\c|d e [31m,f => b : No Connections\n',
    );
    expect(JSON.parse([...rowsText('json', rows, [])].join(''))).toEqual(rows);
  });
});
