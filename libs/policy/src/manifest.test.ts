import { describe, expect, it } from '@jest/globals';

import { kindKey, MANIFEST_KINDS, ManifestEnvelope, problemsOf } from './index.ts';

function faults(manifest: unknown): string[] {
  const { error } = ManifestEnvelope.safeParse(manifest);
  return error ? problemsOf(error).map(({ path, code }) => `${path} ${code}`) : [];
}

const policy = (metadata: object, more: object = {}): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'a', namespace: 'shop', ...metadata },
  spec: {},
  ...more,
});

describe('ManifestEnvelope', () => {
  it.each(MANIFEST_KINDS)('takes $apiVersion $kind', ({ apiVersion, kind, namespaced }) => {
    const metadata = { name: 'a.b-c', ...(namespaced && { namespace: 'shop' }) };

    expect(faults({ apiVersion, kind, metadata, spec: {} })).toEqual([]);
  });

  it.each([
    [
      'a workload',
      policy({}, { apiVersion: 'apps/v1', kind: 'Deployment' }),
      'kind KIND_NOT_ALLOWED',
    ],
    [
      'a kind at another version',
      policy({}, { apiVersion: 'networking.k8s.io/v1beta1' }),
      'kind KIND_NOT_ALLOWED',
    ],
    ['a status', policy({}, { status: {} }), 'status FIELD_UNKNOWN'],
    ['no spec', { ...policy({}), spec: undefined }, 'spec FIELD_REQUIRED'],
    [
      'no namespace for a namespaced kind',
      policy({ namespace: undefined }),
      'metadata.namespace NAMESPACE_WRONG',
    ],
    [
      'a namespace for a cluster-wide kind',
      policy({}, { apiVersion: 'projectcalico.org/v3', kind: 'Tier' }),
      'metadata.namespace NAMESPACE_WRONG',
    ],
    ['a name in capitals', policy({ name: 'A' }), 'metadata.name FORMAT_WRONG'],
    [
      'a name of 254 characters',
      policy({ name: 'a'.repeat(254) }),
      'metadata.name TOO_MANY_OR_TOO_LARGE',
    ],
    ['a namespace with a dot', policy({ namespace: 'a.b' }), 'metadata.namespace FORMAT_WRONG'],
    ['fields that the server sets', policy({ uid: '1' }), 'metadata.uid FIELD_UNKNOWN'],
    [
      'a name that the server makes up',
      policy({ generateName: 'a-' }),
      'metadata.generateName FIELD_UNKNOWN',
    ],
    [
      'a label value with a blank',
      policy({ labels: { a: 'b c' } }),
      'metadata.labels.a VALUE_INVALID',
    ],
    [
      'an annotation key with a blank',
      policy({ annotations: { 'a b': '' } }),
      'metadata.annotations["a b"] FORMAT_WRONG',
    ],
    [
      'an annotation key with an empty prefix',
      policy({ annotations: { '/a': '' } }),
      'metadata.annotations["/a"] FORMAT_WRONG',
    ],
    [
      'an annotation that is no text',
      policy({ annotations: { a: 1 } }),
      'metadata.annotations.a TYPE_WRONG',
    ],
  ])('refuses %s', (_, manifest, expected) => {
    expect(faults(manifest)).toEqual([expected]);
  });

  it('takes annotation keys in any case and values with any text, as the API server does', () => {
    expect(faults(policy({ annotations: { 'Example.COM/Note': 'ä\n"{}"', short: '' } }))).toEqual(
      [],
    );
  });

  it('bounds annotations by their bytes in UTF-8, all together', () => {
    const room = 256 * 1_024 - 4_096;
    const filled = (letter: string, bytes: number): object =>
      policy({ annotations: { a: letter.repeat((room - 1) / bytes) } });

    for (const [letter, bytes] of [
      ['x', 1],
      ['é', 2],
      ['€', 3],
      ['😀', 4],
    ] as const) {
      expect(faults(filled(letter, bytes))).toEqual([]);
      const over = policy({ annotations: { a: letter.repeat((room - 1) / bytes), b: 'four' } });
      expect(faults(over)).toEqual(['metadata.annotations TOO_LARGE']);
    }
  });

  it('lists what is allowed when a kind is not', () => {
    const { error } = ManifestEnvelope.safeParse(policy({}, { kind: 'Secret', apiVersion: 'v1' }));

    expect(error?.issues[0]?.message).toContain(MANIFEST_KINDS.map(kindKey).join(', '));
  });
});
