import { describe, expect, it } from '@jest/globals';
import { parseAddress } from '@picket/selector';
import * as fc from 'fast-check';

import { addressNumber } from './address-number.ts';

describe('addressNumber', () => {
  it('reads and refuses what parseAddress does, on its short way too', () => {
    const mangled = fc
      .tuple(fc.ipV4(), fc.nat({ max: 15 }), fc.constantFrom('', '.', '0', '-', 'x', '99'))
      .map(([text, at, more]) => `${text.slice(0, at)}${more}${text.slice(at + 1)}`);

    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), mangled, fc.string()), (text) => {
        const address = parseAddress(text);

        const number = addressNumber(text);

        expect(number === undefined ? undefined : BigInt(number)).toBe(address?.value);
        if (address) expect(typeof number).toBe(address.family === 4 ? 'number' : 'bigint');
      }),
      { numRuns: 1_000 },
    );
  });
});
