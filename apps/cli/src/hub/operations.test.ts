import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import { buildSchema, parse, validate } from 'graphql';

import * as access from './access-operations.ts';
import * as operations from './operations.ts';
import * as policies from './policy-operations.ts';

const schemaFile = new URL('../../../control-plane/schema.graphql', import.meta.url);
const schema = buildSchema(readFileSync(schemaFile, 'utf8'));

describe('the operations of the command line', () => {
  it.each(Object.entries({ ...operations, ...access, ...policies }))(
    '%s asks only for what the hub has',
    (_, { text }) => {
      expect(validate(schema, parse(text)).map(({ message }) => message)).toEqual([]);
    },
  );
});
