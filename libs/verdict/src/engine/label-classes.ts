import { holdsFor, type LabelFormula, type Labels } from '@picket/selector';

import type { ContainerPort } from '../model/inventory.ts';
import type { PodSelection } from '../model/policy.ts';
import { PORT_PROTOCOLS } from '../model/protocol.ts';
import type { Scope, Vocabulary } from './vocabulary.ts';

/** `host`: a pod that is its node, because it is on the host network. */
export type EndKind = 'pod' | 'host' | 'node' | 'outside';

/** A fact of ends on a node that is not in the inventory, or not known. */
export const NODE_UNKNOWN = 'node unknown';
/** A fact of outside addresses whose names are all known. */
export const NAMES_KNOWN = 'names known';

/**
 * Ends with the same features, wherever their addresses lie. It is made of its features alone: labels that no policy asks for are not
 * here, and a value that none names is not the real one. So what a formula says of it holds for all of its ends.
 */
export interface LabelClass {
  readonly id: number;
  readonly kind: EndKind;
  /** Sorted. */
  readonly features: readonly number[];
  readonly namespaceLabels: Labels;
  readonly labels: Labels;
  readonly nodeLabels: Labels;
  readonly accounts: readonly string[];
  /** Named ports that a policy asks for. */
  readonly ports: readonly ContainerPort[];
}

/** Stands for all values that no policy names. */
const OTHER_VALUE = '\u0000';

/** Finds the class of a list of features, one feature after the other. */
class Branch {
  labelClass: LabelClass | undefined;
  readonly #next = new Map<number, Branch>();

  to(feature: number): Branch {
    const known = this.#next.get(feature);
    if (known) return known;
    const made = new Branch();
    this.#next.set(feature, made);
    return made;
  }
}

/** All label classes; only ever added to. */
export class LabelClasses {
  readonly all: LabelClass[] = [];
  readonly #vocabulary: Vocabulary;
  readonly #roots: Readonly<Record<EndKind, Branch>> = {
    pod: new Branch(),
    host: new Branch(),
    node: new Branch(),
    outside: new Branch(),
  };
  /** By feature, the classes of pods that have it. */
  readonly #postings: number[][] = [];
  readonly #pods: number[] = [];

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** `features` in any order, without repetition. */
  classOf(kind: EndKind, features: number[]): LabelClass {
    features.sort((a, b) => a - b);
    let branch = this.#roots[kind];
    for (const feature of features) branch = branch.to(feature);
    if (branch.labelClass) return branch.labelClass;
    const added = this.#describe(kind, features);
    branch.labelClass = added;
    this.all.push(added);
    if (kind === 'pod') {
      this.#pods.push(added.id);
      for (const feature of features) (this.#postings[feature] ??= []).push(added.id);
    }
    return added;
  }

  /** Ids of the pod classes that the selection picks, rising. Costs as much as its rarest label has classes. */
  pick(selection: PodSelection): number[] {
    let candidates: readonly number[] = this.#pods;
    for (const scope of ['namespace', 'pod'] as const)
      candidates = this.#fewest(scope, selection[`${scope}s`], candidates);
    return candidates.filter((id) => {
      const labelClass = this.all[id];
      return labelClass !== undefined && isPicked(selection, labelClass);
    });
  }

  /** `fewest`, or fewer classes that are all that can satisfy the formula. */
  #fewest(scope: Scope, formula: LabelFormula, fewest: readonly number[]): readonly number[] {
    if ('all' in formula) {
      let best = fewest;
      for (const part of formula.all) best = this.#fewest(scope, part, best);
      return best;
    }
    if (!('operator' in formula)) return fewest;
    const entry = this.#vocabulary.keysOf(scope).get(formula.key);
    const lists = (features: readonly (number | undefined)[]): (readonly number[])[] =>
      features.map((feature) => (feature === undefined ? [] : (this.#postings[feature] ?? [])));
    if (formula.operator === 'Exists') return shorter(lists([entry?.exists]), fewest);
    if (formula.operator !== 'In') return fewest;
    return shorter(lists((formula.values ?? []).map((value) => entry?.values.get(value))), fewest);
  }

  #describe(kind: EndKind, features: readonly number[]): LabelClass {
    const namespaceLabels: Record<string, string> = {};
    const labels: Record<string, string> = {};
    const nodeLabels: Record<string, string> = {};
    const accounts: string[] = [];
    const ports: ContainerPort[] = [];
    const maps = { namespace: namespaceLabels, pod: labels, node: nodeLabels };
    for (const id of features) {
      const feature = this.#vocabulary.features[id];
      if (!feature) continue;
      const { scope, key, value } = feature;
      if (scope === 'namespace' || scope === 'pod' || scope === 'node') {
        const map = maps[scope];
        if (value !== undefined || !Object.hasOwn(map, key)) map[key] = value ?? OTHER_VALUE;
      } else if (scope === 'account') accounts.push(key);
      else if (scope === 'port' && value !== undefined) ports.push(portOf(key, value));
    }
    const id = this.all.length;
    return {
      id,
      kind,
      features: [...features],
      namespaceLabels,
      labels,
      nodeLabels,
      accounts,
      ports,
    };
  }
}

function shorter(
  lists: readonly (readonly number[])[],
  than: readonly number[],
): readonly number[] {
  const [only] = lists;
  if (lists.length === 1 && only) return only.length < than.length ? only : than;
  const size = lists.reduce((sum, list) => sum + list.length, 0);
  if (size >= than.length) return than;
  return [...new Set(lists.flat())].toSorted((a, b) => a - b);
}

export function isPicked(
  { namespaces, pods, serviceAccounts }: PodSelection,
  { kind, namespaceLabels, labels, accounts }: LabelClass,
): boolean {
  return (
    kind === 'pod' &&
    holdsFor(namespaces, namespaceLabels) &&
    holdsFor(pods, labels) &&
    (serviceAccounts === undefined || serviceAccounts.some((name) => accounts.includes(name)))
  );
}

/** A named port as the value of a feature. */
export function portText({ protocol, port }: ContainerPort): string {
  return `${protocol}/${port}`;
}

function portOf(name: string, text: string): ContainerPort {
  const protocol = PORT_PROTOCOLS.find((candidate) => text.startsWith(candidate)) ?? 'TCP';
  return { name, protocol, port: Number(text.slice(protocol.length + 1)) };
}
