import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { dump } from 'js-yaml';

import { ValueReader, type ReadValues } from './read-values.ts';

function read(text: string): ReadValues {
  return new ValueReader().read(text);
}

describe('ValueReader', () => {
  it.each([
    [
      'documents, without the empty ones',
      'a: 1\n---\n# nothing\n---\n\n--- {b: 2}\n...\n',
      [{ a: 1 }, { b: 2 }],
    ],
    ['documents with Windows line ends', 'a: 1\r\n---\r\nb: 2\r\n', [{ a: 1 }, { b: 2 }]],
    ['directives', '%YAML 1.2\n---\na: 1\n...\n%YAML 1.2\n---\nb: 2\n', [{ a: 1 }, { b: 2 }]],
    ['a mark at the start of the file', '\ufeff---\na: 1\n', [{ a: 1 }]],
    ['JSON with tabs', '{\n\t"a": [1, "\\u00e4\\/"]\n}', [{ a: [1, 'ä/'] }]],
    ['text that looks like a marker', 'a: |\n  ---\n  b\n', [{ a: '---\nb\n' }]],
    ['keys that merge', 'x: &x {a: 1}\ny: {<<: *x, b: 2}\n', [{ x: { a: 1 }, y: { a: 1, b: 2 } }]],
    [
      'words that YAML 1.1 took for others',
      'a: [yes, on, 010, 1_000]\n',
      [{ a: ['yes', 'on', 10, '1_000'] }],
    ],
  ])('reads %s', (_, text, values) => {
    expect(read(text)).toEqual({ values, faults: [] });
  });

  it('reads what was written, one document or many', () => {
    const value = fc.jsonValue({ maxDepth: 4 }).filter((each) => each !== null);
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), (all) => {
        const written = JSON.parse(JSON.stringify(all)) as unknown[];

        const asYaml = read(written.map((each) => `---\n${dump(each, { noRefs: true })}`).join(''));
        const asJson = read(written.map((each) => JSON.stringify(each)).join('\n---\n'));

        expect(asYaml).toEqual({ values: written, faults: [] });
        expect(asJson).toEqual({ values: written, faults: [] });
      }),
    );
  });

  it('tells the first fault of every document by its line in the file', () => {
    const { values, faults } = read('a: [\n---\nb: 1\n---\nc: 1\nc: 2\n');

    expect(values).toEqual([{ b: 1 }]);
    expect(faults.map(({ message }) => message)).toEqual([
      expect.stringMatching(/ at line [12], column \d$/),
      expect.stringMatching(/duplicated mapping key at line 6, column 1$/),
    ]);
  });

  it('counts what aliases say over all texts, and refuses too much of it', () => {
    const reader = new ValueReader();
    const text = `x: &x [${'a,'.repeat(1_000)}]\ny: [${'*x,'.repeat(2_000)}]\n`;

    const outcomes = [reader.read(text), reader.read(text), reader.read(text)];

    expect(outcomes.map(({ faults }) => faults.map(({ code }) => code))).toEqual([
      [],
      [],
      ['TOO_LARGE'],
    ]);
  });
});
