import { describe, expect, it } from '@jest/globals';
import type { Json } from '@picket/kernel';

import { lossesOf } from './losses.ts';

const KIND = 'networking.k8s.io/v1/NetworkPolicy';
const FIELDS = [
  'spec',
  'spec.egress',
  'spec.ingress',
  'spec.ingress[]',
  'spec.ingress[].from',
  'spec.ingress[].from[]',
  'spec.ingress[].from[].podSelector',
  'spec.ingress[].from[].podSelector.matchLabels',
  'spec.ingress[].ports',
  'spec.ingress[].ports[]',
  'spec.ingress[].ports[].port',
  'spec.podSelector',
  'spec.policyTypes',
  'spec.policyTypes[]',
];

function losses(spec: Record<string, Json>, served: Parameters<typeof lossesOf>[1]): string[] {
  const manifest = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'a', labels: {}, annotations: {} },
    spec,
  };
  return lossesOf(manifest, served).map(({ reason, kind, field }) => `${reason} ${kind} ${field}`);
}

const served = (fields: readonly string[] | null, enforced: boolean | null = true) => ({
  [KIND]: { enforced, fields },
});

describe('lossesOf', () => {
  it('has none when the cluster serves and enforces every field', () => {
    const spec = {
      podSelector: { matchLabels: { any: 'x' } },
      policyTypes: ['Ingress'],
      ingress: [
        { ports: [{ port: 80 }], from: [{ podSelector: { matchLabels: { 'a.b/c': 'd' } } }] },
      ],
    };

    expect(losses(spec, served(FIELDS))).toEqual([]);
  });

  it('loses a kind that is not served, whatever every object inherits', () => {
    expect(losses({}, {})).toEqual([`KIND_NOT_SERVED ${KIND} null`]);
    expect(
      losses({}, { 'networking.k8s.io/v1beta1/NetworkPolicy': { enforced: true, fields: null } }),
    ).toEqual([`KIND_NOT_SERVED ${KIND} null`]);
  });

  it('loses a kind that nothing enforces; not knowing is no loss', () => {
    expect(losses({}, served(null, false))).toEqual([`KIND_NOT_ENFORCED ${KIND} null`]);
    expect(losses({}, served(null, null))).toEqual([]);
  });

  it('loses each field that the schema lacks, once, in order', () => {
    const spec = {
      zebra: 1,
      ingress: [
        {
          ports: [
            { port: 80, endPort: 90 },
            { port: 1, endPort: 2 },
          ],
        },
        { from: [{ ipBlock: { cidr: '::/0' } }] },
      ],
    };

    expect(losses(spec, served(FIELDS))).toEqual([
      `FIELD_NOT_SERVED ${KIND} spec.ingress[].from[].ipBlock`,
      `FIELD_NOT_SERVED ${KIND} spec.ingress[].ports[].endPort`,
      `FIELD_NOT_SERVED ${KIND} spec.zebra`,
    ]);
  });

  it('does not look below what the schema ends at: labels, port numbers or names', () => {
    expect(
      losses({ podSelector: { matchLabels: { x: 'y' } }, egress: [{ to: [] }] }, served(FIELDS)),
    ).toEqual([]);
  });

  it('asks nothing of a schema that is not told, and nothing of null', () => {
    expect(losses({ zebra: 1 }, served(null))).toEqual([]);
    expect(losses({ podSelector: null, ingress: [null, 'x'] }, served(FIELDS))).toEqual([]);
  });

  it('knows a list by its items too', () => {
    expect(losses({ ingress: [{}] }, served(['spec.ingress[].ports']))).toEqual([]);
  });
});
