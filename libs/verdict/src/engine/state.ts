import type { Input } from '../model/evaluator.ts';
import { DIRECTIONS, type Direction, type Peer, type Policy } from '../model/policy.ts';
import type { Semantics } from '../model/semantics.ts';
import { compareJudged, type CompiledPolicy } from './compiled-policy.ts';
import { Directory, type Space } from './directory.ts';
import { GrowingArray } from './growing-array.ts';
import { Knowledge } from './knowledge.ts';
import type { NetworkSet } from './network-sets.ts';
import { EndReader } from './end-reader.ts';
import { populationOf, type Population } from './population.ts';
import { bind, Tables, type Bindings } from './tables.ts';

/** Everything that one engine is made of. What changes with an edit is its own; the rest is shared. */
export interface State {
  readonly known: Knowledge;
  readonly tables: Tables;
  readonly semantics: Semantics;
  readonly population: Population;
  readonly space: Space;
  readonly directory: Directory;
  /** As `compareJudged` orders them. */
  readonly policies: readonly CompiledPolicy[];
  readonly bindings: Bindings;
  /** By end class: id of its program; `NONE` while nobody has asked. */
  readonly programs: Readonly<Record<Direction, GrowingArray>>;
  /** Features that the policies ask for; those of other edits are not among them. */
  readonly features: KnownFeatures;
  readonly networks: ReadonlySet<NetworkSet>;
}

/** All features below a number, and some above. */
export interface KnownFeatures {
  readonly below: number;
  readonly more: ReadonlySet<number>;
}

export type CompleteInput = Omit<Input, 'semantics'> & { readonly semantics: Semantics };

export function compileState({ inventory, policies, semantics }: CompleteInput): State {
  const known = new Knowledge();
  const networks = new Set<NetworkSet>();
  for (const policy of policies) {
    known.vocabulary.learn(policy);
    collectNetworks(policy, known, networks);
  }
  known.networks.close();
  const space = spaceOf(networks, known);
  const population = populationOf(inventory, new EndReader(inventory, known, semantics));
  const tables = new Tables(known, semantics);
  const ordered = policies.map((policy) => known.addPolicy(policy)).sort(compareJudged);
  return {
    known,
    tables,
    semantics,
    population,
    space,
    directory: new Directory(population, known, space),
    policies: ordered,
    bindings: bind(ordered, known, tables.matcher),
    programs: { egress: new GrowingArray(), ingress: new GrowingArray() },
    features: { below: known.vocabulary.features.length, more: new Set() },
    networks,
  };
}

function spaceOf(networks: ReadonlySet<NetworkSet>, { zones }: Knowledge): Space {
  if (networks.size === 0) return undefined;
  const sets = [...networks];
  return { 4: zones.tableOf(4, sets), 6: zones.tableOf(6, sets) };
}

/** Adds everything that rules of the policy call a network. */
export function collectNetworks(policy: Policy, known: Knowledge, into: Set<NetworkSet>): void {
  const collect = (peer: Peer): void => {
    if (peer.kind === 'networks') into.add(known.networks.setOf(peer.networks));
    else if (peer.kind === 'not') collect(peer.peer);
    else if (peer.kind === 'all') for (const part of peer.peers) collect(part);
  };
  for (const direction of DIRECTIONS)
    for (const { peers, subject } of policy[direction]?.rules ?? []) {
      for (const peer of peers) collect(peer);
      if (subject) collect(subject);
    }
}
