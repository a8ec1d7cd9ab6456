import { describe, expect, it } from '@jest/globals';

import { inNamespace, networkPolicy, policySet, template } from './a-set.fake.ts';
import { expandSet, type LiveNamespace } from './desired.ts';

const namespace = (name: string, labels = {}, isTerminating = false): LiveNamespace => ({
  name,
  labels,
  isTerminating,
});
const keys = (objects: readonly { key: string }[]): string[] =>
  objects.map(({ key }) => key.split(' ')[1] ?? '');

describe('expandSet', () => {
  it('stamps a template into each namespace that it picks', () => {
    const set = policySet([], [template(networkPolicy('deny'), { team: 'a' })]);

    const { desired, waiting } = expandSet(set, [
      namespace('one', { team: 'a' }),
      namespace('two', { team: 'b' }),
      namespace('three', { team: 'a', more: 'x' }),
    ]);

    expect(keys(desired)).toEqual(['one/deny', 'three/deny']);
    expect(desired[0]?.manifest.metadata.namespace).toBe('one');
    expect(waiting).toEqual([]);
  });

  it('knows a namespace by its name also where the API server does not label it so', () => {
    const set = policySet(
      [],
      [template(networkPolicy('deny'), { 'kubernetes.io/metadata.name': 'shop' })],
    );

    expect(keys(expandSet(set, [namespace('shop'), namespace('web')]).desired)).toEqual([
      'shop/deny',
    ]);
  });

  it('keeps waiting what has no namespace to be in, or one that is going', () => {
    const set = policySet([
      inNamespace(networkPolicy('a'), 'there'),
      inNamespace(networkPolicy('b'), 'going'),
      inNamespace(networkPolicy('c'), 'missing'),
    ]);

    const { desired, waiting } = expandSet(set, [namespace('there'), namespace('going', {}, true)]);

    expect(keys(desired)).toEqual(['there/a']);
    expect(keys(waiting)).toEqual(['going/b', 'missing/c']);
  });

  it('stamps nothing into a namespace that is going', () => {
    const set = policySet([], [template(networkPolicy('deny'))]);

    expect(expandSet(set, [namespace('going', {}, true)])).toEqual({ desired: [], waiting: [] });
  });

  it('has cluster-wide objects there without any namespace', () => {
    const kind = { apiVersion: 'policy.networking.k8s.io/v1alpha2', kind: 'ClusterNetworkPolicy' };
    const set = policySet([{ adoption: 'Never', manifest: networkPolicy('wide', kind) }]);

    expect(keys(expandSet(set, []).desired)).toEqual(['/wide']);
  });

  it('gives one fingerprint to a template everywhere, and another when its spec is another', () => {
    const one = template(networkPolicy('deny'));
    const other = template(networkPolicy('deny', { spec: { podSelector: {}, ingress: [{}] } }));
    const namespaces = [namespace('a'), namespace('b')];

    const prints = (set: ReturnType<typeof policySet>): string[] =>
      expandSet(set, namespaces).desired.map(({ fingerprint }) => fingerprint);

    expect(new Set(prints(policySet([], [one]))).size).toBe(1);
    expect(prints(policySet([], [one]))[0]).not.toBe(prints(policySet([], [other]))[0]);
  });
});
