import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { cidrContains, cidrHasAddress, isIpv4Mapped, parseCidr, type Cidr } from './index.ts';

function block(text: string): Cidr {
  const cidr = parseCidr(text);
  if (!cidr) throw new Error(`no CIDR: ${text}`);
  return cidr;
}

describe('parseCidr', () => {
  it.each([
    ['10.0.0.0/8', 4, 0x0a000000n, 0x0affffffn, 8, true],
    ['10.1.2.3/8', 4, 0x0a000000n, 0x0affffffn, 8, false],
    ['0.0.0.0/0', 4, 0n, 0xffffffffn, 0, true],
    ['255.255.255.255/32', 4, 0xffffffffn, 0xffffffffn, 32, true],
    ['::/0', 6, 0n, (1n << 128n) - 1n, 0, true],
    ['::1/128', 6, 1n, 1n, 128, true],
    ['1::/16', 6, 1n << 112n, (2n << 112n) - 1n, 16, true],
    [
      '1:2:3:4:5:6:7:8/128',
      6,
      0x00010002000300040005000600070008n,
      0x00010002000300040005000600070008n,
      128,
      true,
    ],
    ['2001:DB8::/32', 6, 0x20010db8n << 96n, (0x20010db9n << 96n) - 1n, 32, true],
    ['::ffff:10.0.0.0/104', 6, 0xffff0a000000n, 0xffff0affffffn, 104, true],
    [
      '64:ff9b::192.0.2.1/128',
      6,
      (0x64ff9bn << 96n) + 0xc0000201n,
      (0x64ff9bn << 96n) + 0xc0000201n,
      128,
      true,
    ],
    [
      '1:2:3:4:5:6:1.2.3.4/128',
      6,
      0x000100020003000400050006_01020304n,
      0x000100020003000400050006_01020304n,
      128,
      true,
    ],
  ] as const)('reads %s', (text, family, first, last, prefix, canonical) => {
    expect(parseCidr(text)).toEqual({ family, first, last, prefix, canonical });
  });

  it.each([
    ['no length', '10.0.0.0'],
    ['two lengths', '10.0.0.0/8/8'],
    ['an empty text', ''],
    ['a slash alone', '/'],
    ['an empty address', '/8'],
    ['an empty length', '10.0.0.0/'],
    ['a length beyond the family', '10.0.0.0/33'],
    ['a length beyond IPv6', '::/129'],
    ['a negative length', '10.0.0.0/-1'],
    ['a signed length', '10.0.0.0/+8'],
    ['a fraction', '10.0.0.0/8.0'],
    ['a length with a leading zero', '10.0.0.0/08'],
    ['a mask instead of a length', '10.0.0.0/255.0.0.0'],
    ['a leading zero', '010.0.0.0/8'],
    ['an octal or hexadecimal octet', '0x0a.0.0.0/8'],
    ['an octet beyond 255', '10.0.0.256/32'],
    ['three octets', '10.0.0/8'],
    ['five octets', '10.0.0.0.0/8'],
    ['an empty octet', '10..0.0/8'],
    ['white space', ' 10.0.0.0/8'],
    ['a new line at the end', '10.0.0.0/8\n'],
    ['digits of another script', '١٠.0.0.0/8'],
    ['a host name', 'example.com/24'],
    ['seven groups', '1:2:3:4:5:6:7/64'],
    ['nine groups', '1:2:3:4:5:6:7:8:9/64'],
    ['an ellipsis that stands for nothing', '1:2:3:4::5:6:7:8/64'],
    ['two ellipses', '1::2::3/64'],
    ['three colons', ':::/64'],
    ['a colon alone', ':/64'],
    ['a single colon in front', ':1:2:3:4:5:6:7/64'],
    ['a single colon at the end', '1:2:3:4:5:6:7:/64'],
    ['five digits in a group', '2001:00db8::/32'],
    ['no hexadecimal digit', '2001:dbg::/32'],
    ['a zone', 'fe80::1%eth0/64'],
    ['brackets', '[::1]/128'],
    ['IPv4 in front of the ellipsis', '1.2.3.4::/64'],
    ['IPv4 in front of a group', '::1.2.3.4:5/64'],
    ['IPv4 with a leading zero at the end', '::ffff:01.2.3.4/128'],
    ['IPv4 where seven groups stand already', '1:2:3:4:5:6:7:1.2.3.4/128'],
    ['a very long text', `${'0'.repeat(100_000)}::/64`],
    ['very many colons', `${':'.repeat(100_000)}/64`],
  ])('refuses %s', (_, text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  it('agrees with plain arithmetic for every IPv4 block', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }),
        fc.nat(32),
        (octets, prefix) => {
          const address = octets.reduce((sum, octet) => sum * 256 + octet, 0);
          const size = 2 ** (32 - prefix);
          const first = address - (address % size);

          expect(parseCidr(`${octets.join('.')}/${prefix}`)).toEqual({
            family: 4,
            first: BigInt(first),
            last: BigInt(first + size - 1),
            prefix,
            canonical: address === first,
          });
        },
      ),
    );
  });

  it('reads every writing of an IPv6 address as the same block', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, (1n << 128n) - 1n),
        fc.nat(128),
        fc.nat(7),
        fc.nat(7),
        (value, prefix, from, to) => {
          const groups = value.toString(16).padStart(32, '0').match(/.{4}/g) ?? [];
          const start = Math.min(from, to);
          const end = Math.max(from, to) + 1;
          const zeroed = groups.map((group, index) =>
            index >= start && index < end ? '0000' : group,
          );
          const number = BigInt(`0x${zeroed.join('')}`);
          const short = `${zeroed.slice(0, start).map(trimmed).join(':')}::${zeroed.slice(end).map(trimmed).join(':')}`;
          const dotted = `${zeroed.slice(0, 6).join(':')}:${quad(number & 0xffffffffn)}`;
          const mask = ((1n << 128n) - 1n) ^ ((1n << BigInt(128 - prefix)) - 1n);
          const expected = {
            family: 6,
            first: number & mask,
            last: (number & mask) + (1n << BigInt(128 - prefix)) - 1n,
            prefix,
            canonical: (number & mask) === number,
          };

          for (const text of [zeroed.join(':'), zeroed.join(':').toUpperCase(), short, dotted])
            expect(parseCidr(`${text}/${prefix}`)).toEqual(expected);
        },
      ),
    );
  });

  it('answers for any text without throwing', () => {
    const hostile = fc.string({
      unit: fc.constantFrom(...'0123456789abcdef:./%- []\u0000é'.split('')),
    });
    fc.assert(
      fc.property(hostile, (text) => {
        const cidr = parseCidr(text);
        if (cidr) expect(cidr.first <= cidr.last).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('cidrContains', () => {
  it.each([
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.0.0.0/8', '10.0.0.0/8', true],
    ['10.1.0.0/16', '10.0.0.0/8', false],
    ['10.0.0.0/8', '11.0.0.0/8', false],
    ['10.0.0.0/7', '11.0.0.0/8', true],
    ['::/0', '10.0.0.0/8', false],
    ['0.0.0.0/0', '::/0', false],
    ['2001:db8::/32', '2001:db8:ffff::/48', true],
  ])('%s holds %s: %s', (outer, inner, expected) => {
    expect(cidrContains(block(outer), block(inner))).toBe(expected);
  });

  it('holds exactly when both ends are addresses of the outer block', () => {
    const small = fc
      .tuple(fc.nat(255), fc.integer({ min: 24, max: 32 }))
      .map(([octet, prefix]) => `192.0.2.${octet}/${prefix}`);
    fc.assert(
      fc.property(small, small, (a, b) => {
        const [outer, inner] = [block(a), block(b)];
        const all = Array.from({ length: Number(inner.last - inner.first) + 1 }, (_, index) =>
          quad(inner.first + BigInt(index)),
        );

        expect(cidrContains(outer, inner)).toBe(all.every((ip) => cidrHasAddress(outer, ip)));
      }),
    );
  });
});

describe('cidrHasAddress', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '9.255.255.255', false],
    ['2001:db8::/32', '2001:db8::1', true],
    ['2001:db8::/32', '2001:db9::', false],
    ['::/0', '10.0.0.1', false],
    ['0.0.0.0/0', '::1', false],
    ['0.0.0.0/0', 'localhost', false],
    ['0.0.0.0/0', '', false],
    ['0.0.0.0/0', '10.0.0.1/32', false],
  ])('%s has %s: %s', (cidr, address, expected) => {
    expect(cidrHasAddress(block(cidr), address)).toBe(expected);
  });
});

it.each([
  ['::ffff:10.0.0.0/104', true],
  ['::ffff:0:0/96', true],
  ['::ffff:0:0/95', false],
  ['::10.0.0.0/104', false],
  ['10.0.0.0/8', false],
])('%s is IPv4 in IPv6 text: %s', (text, expected) => {
  expect(isIpv4Mapped(block(text))).toBe(expected);
});

function trimmed(group: string): string {
  return group.replace(/^0{1,3}/, '');
}

function quad(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 255n).join('.');
}
