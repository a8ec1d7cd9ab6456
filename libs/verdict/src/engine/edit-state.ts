import { DIRECTIONS, type Policy, type PolicyId } from '../model/policy.ts';
import { compareJudged, keyOf, type Binding, type CompiledPolicy } from './compiled-policy.ts';
import { Directory, type Space } from './directory.ts';
import { FAMILIES, NONE, type Ends } from './ends.ts';
import type { GrowingArray } from './growing-array.ts';
import { isInSet, type NetworkSet } from './network-sets.ts';
import { featuresWith, relabel } from './relabel.ts';
import { collectNetworks, compileState, type State } from './state.ts';
import { boundBy } from './tables.ts';
import type { ZoneTable } from './zones.ts';

/** An edit of a policy set. A policy in `policies` replaces all that have its id. */
export interface Change {
  readonly policies?: readonly Policy[];
  readonly remove?: readonly PolicyId[];
}

/** The state after an edit: copies of the tables that the edit touches, changed. The old state stays as it is. */
export function editState(state: State, { policies: added = [], remove = [] }: Change): State {
  const { known, semantics, population } = state;
  const gone = new Set([...remove, ...added.map(({ id }) => id)].map(keyOf));
  const left = state.policies.filter(({ key }) => !gone.has(key));
  const networks = new Set(state.networks);
  for (const policy of added) collectNetworks(policy, known, networks);
  if (!state.space && networks.size > 0) {
    // Until now address families had no meaning, so the class of every end changes.
    const policies = [...left.map(({ policy }) => policy), ...added];
    return compileState({ inventory: population.inventory, policies, semantics });
  }
  const compiled = added.map((policy) => known.addPolicy(policy));
  const edited = { ...population, ends: population.ends.copy(population.count) };
  const features = featuresWith(state, added);
  const bindings = new EditedBindings(state, relabel(state, edited.ends, features));
  for (const policy of state.policies) if (gone.has(policy.key)) bindings.remove(policy);
  for (const policy of compiled) bindings.add(policy);
  const space = spaceWith(state, edited.ends, networks);
  return {
    ...state,
    population: edited,
    space,
    directory: new Directory(edited, known, space),
    policies: compiled.reduce(inserted, left),
    bindings: bindings.lists,
    programs: bindings.programs,
    features,
    networks,
  };
}

function inserted(policies: readonly CompiledPolicy[], policy: CompiledPolicy): CompiledPolicy[] {
  return policies.toSpliced(placeFor(policy, policies), 0, policy);
}

/** After all that are judged before it or with it. */
function placeFor(policy: CompiledPolicy, policies: readonly CompiledPolicy[]): number {
  let low = 0;
  let high = policies.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = policies[middle];
    if (other && compareJudged(other, policy) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Bindings and programs of the state, of which those of touched classes are replaced. */
class EditedBindings {
  readonly lists: { egress: (readonly Binding[])[]; ingress: (readonly Binding[])[] };
  readonly programs: { egress: GrowingArray; ingress: GrowingArray };
  readonly #state: State;

  /** `moved`: new label classes, with the ones that they were split off from. */
  constructor(state: State, moved: ReadonlyMap<number, number>) {
    const { bindings, programs } = state;
    this.#state = state;
    this.lists = { egress: [...bindings.egress], ingress: [...bindings.ingress] };
    this.programs = {
      egress: programs.egress.copy(programs.egress.length),
      ingress: programs.ingress.copy(programs.ingress.length),
    };
    for (const [to, from] of moved)
      for (const direction of DIRECTIONS)
        this.lists[direction][to] = bindings[direction][from] ?? [];
  }

  add(policy: CompiledPolicy): void {
    this.#change(policy, (list, binding) => {
      const place = placeFor(
        policy,
        list.map((other) => other.policy),
      );
      return list.toSpliced(place, 0, binding);
    });
  }

  remove(policy: CompiledPolicy): void {
    this.#change(policy, (list) => list.filter((binding) => binding.policy !== policy));
  }

  #change(
    policy: CompiledPolicy,
    change: (list: readonly Binding[], binding: Binding) => readonly Binding[],
  ): void {
    const { known, tables } = this.#state;
    for (const { label, truth } of boundBy(policy, known, tables.matcher))
      for (const direction of DIRECTIONS) {
        if (!policy.policy[direction]) continue;
        const lists = this.lists[direction];
        const programs = this.programs[direction];
        lists[label] = change(lists[label] ?? [], { policy, truth });
        for (const end of known.ends.ofLabel(label))
          if (end < programs.length) programs.values[end] = NONE;
      }
  }
}

/** Cuts out what the new sets name. Ends in what was cut get new classes when they are next asked for. */
function spaceWith(state: State, ends: Ends, networks: ReadonlySet<NetworkSet>): Space {
  const { zones } = state.known;
  let { space } = state;
  if (!space) return undefined;
  for (const set of networks) {
    if (state.networks.has(set)) continue;
    const tables: Record<4 | 6, ZoneTable> = { ...space };
    set.isUsual ??= isUsual(set, ends);
    for (const family of FAMILIES) {
      if (set.isWhole[family] || set.ranges[family].length === 0) continue;
      tables[family] = zones.withSet(tables[family], family, set);
      forgetClasses(ends, family, set);
    }
    space = tables;
  }
  return space;
}

function forgetClasses(ends: Ends, family: 4 | 6, set: NetworkSet): void {
  const { values } = family === 4 ? ends.classes4 : ends.classes6;
  for (const [end, addresses] of ends.addresses.entries())
    for (const address of addresses)
      if ((typeof address === 'number') === (family === 4) && isInSet(set, address) !== set.isUsual)
        values[end] = NONE;
}

/** Whether most ends lie inside: then it is those outside that are set apart. */
function isUsual(set: NetworkSet, ends: Ends): boolean {
  let inside = 0;
  let all = 0;
  for (const addresses of ends.addresses)
    for (const address of addresses) {
      all++;
      if (isInSet(set, address)) inside++;
    }
  return inside * 2 > all;
}
