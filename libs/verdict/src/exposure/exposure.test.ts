import { describe, expect, it } from '@jest/globals';

import { parseObjects } from '../parse/parse-objects.ts';
import { exposedPeerText } from './exposed-peer.ts';
import { exposure } from './exposure.ts';

const pod = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', labels: { app: name } },
  spec: { containers: [] },
});
const policy = (spec: object): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'policy', namespace: 'shop' },
  spec: { podSelector: { matchLabels: { app: 'db' } }, ...spec },
});

/** Who can reach or be reached, as text, without outside addresses. */
function lines(...objects: object[]): string[] {
  const input = parseObjects(objects.map((value) => ({ value })));
  return exposure(input).flatMap(({ workload, direction, peers }) =>
    peers
      .filter(({ peer }) => peer.kind !== 'outside')
      .map(
        ({ peer, connections, namedPorts }) =>
          `${workload} ${direction} ${exposedPeerText(peer)} ${JSON.stringify(connections.TCP)}${namedPorts.map(({ name }) => name).join(',')}`,
      ),
  );
}

describe('exposure', () => {
  it('opens what no policy binds to the entire cluster', () => {
    expect(lines(pod('db'))).toEqual([
      'shop/db[Pod] egress entire cluster [[1,65535]]',
      'shop/db[Pod] ingress entire cluster [[1,65535]]',
    ]);
  });

  it('lists pods that a rule names and nobody has seen, but not known ones that it names by their very labels', () => {
    const ingress = [
      { from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 80 }] },
      { from: [{ podSelector: { matchLabels: { app: 'new' } } }], ports: [{ port: 90 }] },
    ];

    const found = lines(pod('db'), pod('web'), policy({ ingress }));

    expect(found.filter((line) => line.startsWith('shop/db[Pod] ingress'))).toEqual([
      'shop/db[Pod] ingress namespace shop, pods with app=new [[90,90]]',
    ]);
  });

  it('names ports whose number only the other end knows', () => {
    const egress = [{ to: [{ namespaceSelector: {} }], ports: [{ port: 'http' }] }];

    const found = lines(pod('db'), policy({ policyTypes: ['Egress'], egress }));

    expect(found[0]).toBe('shop/db[Pod] egress entire cluster []http');
  });
});
