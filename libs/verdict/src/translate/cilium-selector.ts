import type { CiliumSelector } from '@picket/policy';
import type { LabelFormula, LabelTest } from '@picket/selector';

import { NAMESPACE_NAME_LABEL } from '../model/inventory.ts';
import type { Peer } from '../model/policy.ts';
import { namespaceNamed } from './network-policy.ts';

const POD_NAMESPACE = 'io.kubernetes.pod.namespace';
const NAMESPACE_LABELS = 'io.cilium.k8s.namespace.labels.';
const SERVICE_ACCOUNT = 'io.cilium.k8s.policy.serviceaccount';

/** What a selector of Cilium asks for, taken apart by where the inventory holds it. */
export type CiliumSelection = Extract<Peer, { kind: 'pods' | 'unknown' }>;

/**
 * Endpoints are pods: their own labels, those of their namespace and their service account, all in one list of keys.
 *
 * In a namespaced policy a selector that says nothing of namespaces means the policy's own (pkg/k8s/apis/cilium.io/utils
 * getEndpointSelector); a subject always does.
 */
export function endpointSelection(
  selector: CiliumSelector,
  namespace: string | undefined,
): CiliumSelection {
  const namespaces: LabelFormula[] = [];
  const pods: LabelFormula[] = [];
  let serviceAccounts: readonly string[] | undefined;
  for (const test of testsOf(selector)) {
    const key = keyOf(test.key);
    if (key === undefined) return unknown(`labels such as ${test.key} are not modelled`);
    if (key === POD_NAMESPACE) namespaces.push({ ...test, key: NAMESPACE_NAME_LABEL });
    else if (key.startsWith(NAMESPACE_LABELS))
      namespaces.push({ ...test, key: key.slice(NAMESPACE_LABELS.length) });
    else if (key === SERVICE_ACCOUNT && test.operator === 'In' && !serviceAccounts)
      serviceAccounts = test.values ?? [];
    else if (key.startsWith('io.cilium.k8s.policy.'))
      return unknown(`a selector by ${key} is not modelled`);
    else pods.push({ ...test, key });
  }
  if (namespaces.length === 0 && namespace !== undefined)
    namespaces.push(namespaceNamed(namespace));
  return {
    kind: 'pods',
    namespaces: { all: namespaces },
    pods: { all: pods },
    ...(serviceAccounts && { serviceAccounts }),
  };
}

/** Nodes by their labels, or undefined where the selector asks for something else. */
export function nodeFormula(selector: CiliumSelector): LabelFormula | undefined {
  const tests = testsOf(selector).map((test) => ({ ...test, key: keyOf(test.key) }));
  const known = tests.flatMap(({ key, ...test }): LabelTest[] =>
    key === undefined ? [] : [{ ...test, key }],
  );
  return known.length === tests.length ? { all: known } : undefined;
}

function testsOf({ matchLabels = {}, matchExpressions = [] }: CiliumSelector): LabelTest[] {
  return [
    ...Object.entries(matchLabels).map(([key, value]): LabelTest => ({
      key,
      operator: 'In',
      values: [value],
    })),
    ...matchExpressions.map(({ key, operator, values }): LabelTest => ({
      key,
      operator,
      ...(values && { values }),
    })),
  ];
}

/** The key without its source; undefined for sources that are not Kubernetes'. Keys of labels hold no colon. */
function keyOf(written: string): string | undefined {
  const [source = '', ...rest] = written.split(':');
  if (rest.length === 0) return written;
  return source === 'k8s' || source === 'any' ? rest.join(':') : undefined;
}

function unknown(reason: string): CiliumSelection {
  return { kind: 'unknown', reason };
}
