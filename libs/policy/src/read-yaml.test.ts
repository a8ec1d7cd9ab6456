import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { stringify } from 'yaml';

import { readYaml } from './read-yaml.ts';

it('reads back every JSON value that is not nothing', () => {
  const value = fc.jsonValue({ maxDepth: 5 }).filter((drawn) => drawn !== null);
  fc.assert(
    fc.property(fc.array(value, { maxLength: 5 }), (drawn) => {
      const values = drawn.map((one) =>
        JSON.parse(JSON.stringify(one).replaceAll('__proto__', 'proto')),
      );
      const text = values.map((one) => `---\n${stringify(one)}`).join('');

      expect(readYaml(text, 10)).toEqual({ values: values.map((json) => ({ json })) });
    }),
  );
});

it('stops at the first document too many, and does not count empty ones', () => {
  expect(readYaml('a\n---\n---\n# b\n---\nc\n', 2)).toEqual({
    values: [{ json: 'a' }, { json: 'c' }],
  });
  expect(readYaml('a\n---\nb\n---\n[', 1)).toEqual({
    fault: { code: 'TOO_MANY', message: 'at most 1 documents are allowed' },
  });
});

it('says where a fault is, counted over the whole stream', () => {
  expect(readYaml('a: 1\n---\nb:\n  c: 1\n  c: 2\n', 5)).toEqual({
    values: [
      { json: { a: 1 } },
      {
        fault: {
          path: '',
          code: 'YAML_INVALID',
          message: 'The key "c" stands there twice, again at line 5, column 3',
          severity: 'error',
        },
      },
    ],
  });
});
