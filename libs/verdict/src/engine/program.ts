import type { Direction, RuleList } from '../model/policy.ts';
import type { Binding, CompiledPolicy, CompiledRule } from './compiled-policy.ts';
import type { Candidate } from './decisions.ts';
import type { EndClass } from './end-classes.ts';
import type { Truth } from './truth.ts';

/** What binds ends in one direction: the same for all ends of a class, and often for many classes. */
export interface Program {
  readonly id: number;
  readonly direction: Direction;
  /** Ends that are no pods, or are their node, have no default of their own. */
  readonly isPod: boolean;
  /** The class that the rules speak of; absent where no rule asks for anything about its own end. */
  readonly own: EndClass | undefined;
  readonly tiers: readonly ProgramTier[];
  /** All of the tiers', in the order of judgement. */
  readonly entries: readonly Entry[];
  /** Whether it makes a difference that the other end is the pod's own node. */
  readonly sparesOwnNode: boolean;
  readonly leavesIcmpUndefined: boolean;
}

export interface ProgramTier {
  /** In the order of judgement; the entries of one group have no order that is defined. */
  readonly groups: readonly (readonly Entry[])[];
  /** Those that isolate, by name. */
  readonly isolating: readonly Entry[];
  /** What they decide together; made when first needed. */
  isolation?: Candidate;
}

/** One policy of a program. */
export interface Entry {
  readonly index: number;
  readonly policy: CompiledPolicy;
  readonly list: RuleList;
  readonly rules: readonly CompiledRule[];
  readonly binds: Truth;
}

/** Whether the program differs from class to class, and not only by the policies that bind. */
export function asksForOwnEnd(bindings: readonly Binding[], direction: Direction): boolean {
  return bindings.some(({ policy }) =>
    policy.rules[direction].some(
      ({ rule, hasNamedPorts }) =>
        rule.subject !== undefined || (hasNamedPorts && direction === 'ingress'),
    ),
  );
}

/** `bindings` as `compareJudged` orders them. */
export function programOf(
  head: Pick<Program, 'id' | 'direction' | 'isPod' | 'own'>,
  bindings: readonly Binding[],
): Program {
  const entries: Entry[] = [];
  const tiers: ProgramTier[] = [];
  for (const ofTier of runs(bindings, ({ policy }) => policy.policy.tier.order)) {
    const groups = runs(ofTier, ({ policy }) => policy.policy.order).flatMap(settleTies);
    const entriesOf = (group: readonly Binding[]): Entry[] =>
      group.flatMap(({ policy, truth: binds }) => {
        const list = policy.policy[head.direction];
        if (!list) return [];
        const rules = policy.rules[head.direction];
        const entry = { index: entries.length, policy, list, rules, binds };
        entries.push(entry);
        return [entry];
      });
    const judged = groups.map(entriesOf);
    const isolating = judged.flat().filter(({ list }) => list.isolates);
    tiers.push({ groups: judged, isolating: isolating.sort(byName) });
  }
  return {
    ...head,
    tiers,
    entries,
    sparesOwnNode: entries.some(({ list }) => list.sparesOwnNode === true),
    leavesIcmpUndefined: entries.some(({ list }) => list.icmpUndefined === true),
  };
}

/** Of policies with one order, those with ties stand one by one, unless one has none: then their order is not defined. */
function settleTies(equal: readonly Binding[]): (readonly Binding[])[] {
  const ties = equal.flatMap(({ policy }) => policy.policy.tie ?? []);
  if (ties.length < equal.length) return [equal];
  return equal
    .toSorted((a, b) => ((a.policy.policy.tie ?? '') < (b.policy.policy.tie ?? '') ? -1 : 1))
    .map((binding) => [binding]);
}

/** Neighbours with the same key together. */
function runs<T>(items: readonly T[], keyOf: (item: T) => number): T[][] {
  const result: T[][] = [];
  for (const item of items) {
    const last = result.at(-1);
    const [first] = last ?? [];
    if (last && first !== undefined && keyOf(first) === keyOf(item)) last.push(item);
    else result.push([item]);
  }
  return result;
}

function byName({ policy: a }: Entry, { policy: b }: Entry): number {
  if (a.key === b.key) return a.id - b.id;
  return a.key < b.key ? -1 : 1;
}
