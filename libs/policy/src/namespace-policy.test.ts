import { describe, expect, it } from '@jest/globals';

import { directionsOf, parseNamespacePolicy } from './index.ts';

const faults = (value: unknown): string[] =>
  parseNamespacePolicy(value).problems.map(({ path, code }) => `${path} ${code}`);

describe('parseNamespacePolicy', () => {
  it('gives the spec of a NetworkPolicy as it stands', () => {
    const spec = { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] };

    expect(parseNamespacePolicy(spec)).toEqual({ spec, problems: [] });
  });

  it('tells every problem with its path below spec', () => {
    const spec = { podselector: {}, egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/33' } }] }] };

    expect(faults(spec)).toEqual([
      'spec.egress[0].to[0].ipBlock.cidr CIDR_INVALID',
      'spec.podselector FIELD_UNKNOWN',
    ]);
    expect(parseNamespacePolicy(spec).spec).toBeUndefined();
  });

  it.each([
    ['nothing', undefined, 'spec TYPE_WRONG'],
    ['a text', 'deny', 'spec TYPE_WRONG'],
    ['what is no JSON', { podSelector: new Date(0) }, 'spec.podSelector TYPE_WRONG'],
    ['a key that copies drop', JSON.parse('{"__proto__":{}}'), 'spec.__proto__ FIELD_UNKNOWN'],
  ])('refuses %s', (_, value, expected) => {
    expect(faults(value)).toEqual([expected]);
    expect(parseNamespacePolicy(value).spec).toBeUndefined();
  });

  it('refuses host bits, which API servers refuse from 1.36 on, and says what to write', () => {
    const to = [
      { ipBlock: { cidr: '10.0.0.7/8', except: ['10.1.2.3/16', '10.2.0.0/16'] } },
      { ipBlock: { cidr: '2001:db8::1/32' } },
    ];

    expect(faults({ egress: [{ to }] })).toEqual([
      'spec.egress[0].to[0].ipBlock.cidr CIDR_INVALID',
      'spec.egress[0].to[0].ipBlock.except[0] CIDR_INVALID',
      'spec.egress[0].to[1].ipBlock.cidr CIDR_INVALID',
    ]);
    const [first] = parseNamespacePolicy({ egress: [{ to }] }).problems;
    expect(first?.message).toContain('write 10.0.0.0/8');
  });

  it('refuses one that no API server would store beside others', () => {
    const cidr = (index: number): string => `10.${index >> 8}.${index & 255}.0/24`;
    const to = Array.from({ length: 8_000 }, (_, index) => ({ ipBlock: { cidr: cidr(index) } }));

    expect(faults({ egress: [{ to }] })).toEqual(['spec TOO_LARGE']);
  });

  it.each([
    ['Ingress', 'egress'],
    ['Egress', 'ingress'],
  ])('warns that policyTypes %s makes rules of %s void', (type, direction) => {
    const parsed = parseNamespacePolicy({ policyTypes: [type], [direction]: [{}] });

    expect(parsed.spec).toBeDefined();
    expect(parsed.problems.map(({ path, severity }) => [path, severity])).toEqual([
      [`spec.${direction}`, 'warning'],
    ]);
  });
});

describe('directionsOf', () => {
  it.each([
    [{}, true, false],
    [{ egress: [] }, true, false],
    [{ egress: [{}] }, true, true],
    [{ policyTypes: [], egress: [{}] }, true, true],
    [{ policyTypes: ['Egress' as const] }, false, true],
    [{ policyTypes: ['Ingress' as const, 'Egress' as const] }, true, true],
    [{ policyTypes: ['Ingress' as const], egress: [{}] }, true, false],
  ])('of %j: ingress %s, egress %s', (spec, ingress, egress) => {
    expect(directionsOf(spec)).toEqual({ ingress, egress });
  });
});
