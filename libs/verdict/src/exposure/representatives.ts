import { holdsFor, mayHold, type LabelFormula } from '@picket/selector';

import { NAMESPACE_NAME_LABEL, type Inventory } from '../model/inventory.ts';
import {
  DIRECTIONS,
  type Peer,
  type PodSelection,
  type Policy,
  type Rule,
} from '../model/policy.ts';
import { EVERYTHING, Meanings } from './meanings.ts';

/** Numbers of what the selectors of a selection mean. */
interface Meaning {
  readonly namespaces: number;
  readonly pods: number;
  /** Absent: any. */
  readonly accounts: string | undefined;
}

const ALWAYS = [NAMESPACE_NAME_LABEL];

/** Pods that rules pick by labels and that may come to be: one for all selections that mean the same. */
export class Representatives {
  readonly all: readonly PodSelection[];
  readonly #namespaces = new Meanings(ALWAYS);
  readonly #pods = new Meanings();
  readonly #meanings = new WeakMap<PodSelection, Meaning>();

  constructor(policies: readonly Policy[], inventory: Inventory) {
    const rules = policies.flatMap((policy) =>
      DIRECTIONS.flatMap((direction) => policy[direction]?.rules ?? []),
    );
    const distinct = new Map<string, PodSelection>();
    for (const selection of selectionsIn(rules)) {
      const { namespaces, pods, accounts } = this.#meaningOf(selection);
      const key = `${namespaces} ${pods} ${accounts}`;
      if (!distinct.has(key)) distinct.set(key, selection);
    }
    const isKnown = knownPods(inventory);
    this.all = [...distinct.values()].filter(
      (selection) =>
        !this.isPicked(undefined, selection) &&
        mayHold(selection.namespaces, ALWAYS) &&
        mayHold(selection.pods) &&
        // Rules that name a known pod by its very labels mean that pod.
        !(namesValues(selection.namespaces) && namesValues(selection.pods) && isKnown(selection)),
    );
  }

  /**
   * Whether a rule for `selection` picks the representative for sure: each of its selectors is for everyone, or means the same.
   * Of a pod of which nothing is known (undefined): whether it is for everyone.
   */
  isPicked(representative: PodSelection | undefined, selection: PodSelection): boolean {
    const asked = this.#meaningOf(selection);
    const own = representative && this.#meaningOf(representative);
    return (
      (asked.namespaces === EVERYTHING || asked.namespaces === own?.namespaces) &&
      (asked.pods === EVERYTHING || asked.pods === own?.pods) &&
      (asked.accounts === undefined || asked.accounts === own?.accounts)
    );
  }

  /** Those that the rules tell apart from a pod of which nothing is known. */
  toldApartBy(rules: readonly Rule[]): PodSelection[] {
    const narrow = selectionsIn(rules).filter((selection) => !this.isPicked(undefined, selection));
    return this.all.filter((representative) =>
      narrow.some((selection) => this.isPicked(representative, selection)),
    );
  }

  #meaningOf(selection: PodSelection): Meaning {
    const known = this.#meanings.get(selection);
    if (known) return known;
    const meaning: Meaning = {
      namespaces: this.#namespaces.idOf(selection.namespaces),
      pods: this.#pods.idOf(selection.pods),
      accounts: selection.serviceAccounts?.toSorted().join(' '),
    };
    this.#meanings.set(selection, meaning);
    return meaning;
  }
}

function selectionsIn(rules: readonly Rule[]): PodSelection[] {
  const inPeer = (peer: Peer): PodSelection[] => {
    if (peer.kind === 'pods') return [peer];
    if (peer.kind === 'all') return peer.peers.flatMap(inPeer);
    return peer.kind === 'not' ? inPeer(peer.peer) : [];
  };
  return rules.flatMap(({ peers }) => peers.flatMap(inPeer));
}

/** Nothing but labels with one value each, and at least one. */
function namesValues(formula: LabelFormula): boolean {
  if ('all' in formula) return formula.all.length > 0 && formula.all.every(namesValues);
  return 'operator' in formula && formula.operator === 'In' && formula.values?.length === 1;
}

/** Asks whether a workload of the inventory is picked; of those with the same labels in one namespace, one is asked. */
function knownPods({ namespaces, workloads }: Inventory): (selection: PodSelection) => boolean {
  const labelsOf = new Map(namespaces.map(({ name, labels }) => [name, labels]));
  const distinct = new Map(
    workloads.map((workload) => [
      JSON.stringify([workload.namespace, workload.labels, workload.serviceAccount]),
      workload,
    ]),
  );
  return ({ namespaces: where, pods, serviceAccounts }) =>
    [...distinct.values()].some(
      ({ namespace, labels, serviceAccount }) =>
        holdsFor(where, labelsOf.get(namespace) ?? {}) &&
        holdsFor(pods, labels) &&
        (serviceAccounts?.includes(serviceAccount) ?? true),
    );
}
