import type { LabelFormula } from '@picket/selector';

import { NAMESPACE_NAME_LABEL } from '../model/inventory.ts';
import type { Policy } from '../model/policy.ts';
import type { Semantics } from '../model/semantics.ts';
import type { Endpoint } from './endpoint.ts';
import { matchSubject } from './match-peer.ts';

/** Finds the policies that may bind an end, without asking those of other namespaces. */
export class BindingPolicies {
  readonly #byNamespace: ReadonlyMap<string | undefined, readonly Policy[]>;
  readonly #semantics: Semantics;

  constructor(policies: readonly Policy[], semantics: Semantics) {
    this.#byNamespace = Map.groupBy(policies, ({ subject }) =>
      subject.kind === 'pods' ? onlyNamespace(subject.namespaces) : undefined,
    );
    this.#semantics = semantics;
  }

  /** In no particular order: the order of a list of policies has no meaning. */
  of(end: Endpoint): Policy[] {
    const namespace = end.kind === 'pod' ? end.workload.namespace : undefined;
    const circumstances = { semantics: this.#semantics, family: 4 } as const;
    return [undefined, ...(namespace === undefined ? [] : [namespace])]
      .flatMap((name) => this.#byNamespace.get(name) ?? [])
      .filter(({ subject }) => matchSubject(subject, end, circumstances) !== false);
  }
}

/** The namespace that the formula names, when it holds for no other. */
export function onlyNamespace(formula: LabelFormula): string | undefined {
  if ('all' in formula) {
    for (const part of formula.all) {
      const name = onlyNamespace(part);
      if (name !== undefined) return name;
    }
    return undefined;
  }
  if (!('operator' in formula) || formula.key !== NAMESPACE_NAME_LABEL) return undefined;
  const { operator, values = [] } = formula;
  return operator === 'In' && values.length === 1 ? values[0] : undefined;
}
