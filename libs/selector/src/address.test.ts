import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { addressText, LAST_ADDRESS, parseAddress } from './index.ts';

describe('addressText', () => {
  it.each([
    ['2001:0db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
    ['FE80::1', 'fe80::1'],
    ['10.0.0.255', '10.0.0.255'],
  ])('writes %s as RFC 5952 wants it: %s', (text, canonical) => {
    const address = parseAddress(text);

    expect(address && addressText(address)).toBe(canonical);
  });

  it.each([4, 6] as const)('is read back as the same address of family %i', (family) => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: LAST_ADDRESS[family] }), (value) => {
        expect(parseAddress(addressText({ family, value }))).toEqual({ family, value });
      }),
    );
  });
});

describe('parseAddress', () => {
  it.each([
    '',
    '1.2.3',
    '1.2.3.04',
    '1.2.3.256',
    '1:2',
    ':::',
    '1::2::3',
    '::1%eth0',
    '1.2.3.4:80',
    '12345::',
  ])('refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});
