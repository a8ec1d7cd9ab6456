import { holdsFor } from '@picket/selector';

import type { NetworksPeer, Peer, PodSelection, Subject } from '../model/policy.ts';
import type { Semantics } from '../model/semantics.ts';
import { matchesName, reaches } from './domain-names.ts';
import type { EndClass, Place } from './end-classes.ts';
import type { Knowledge } from './knowledge.ts';
import { isPicked, NAMES_KNOWN, NODE_UNKNOWN, type LabelClass } from './label-classes.ts';
import type { NetworkSet } from './network-sets.ts';
import { NO, not, OWN_NAME, YES, type Truth } from './truth.ts';
import { zoneHolds } from './zones.ts';

/** Says what peers and subjects mean for classes of ends. The rules and their sources are those of the reference evaluator. */
export class PeerMatcher {
  readonly #known: Knowledge;
  readonly #semantics: Semantics;
  readonly #sets = new WeakMap<NetworksPeer, NetworkSet>();
  readonly #picks = new Map<string, { readonly classCount: number; readonly ids: Int32Array }>();

  constructor(known: Knowledge, semantics: Semantics) {
    this.#known = known;
    this.#semantics = semantics;
  }

  /** Whether a policy binds ends with these labels. Where they lie has no part in it. */
  binds(subject: Subject, label: LabelClass): Truth {
    switch (subject.kind) {
      case 'unknown':
        return isWorkload(label) ? this.#known.truths.maybe([subject.reason]) : NO;
      case 'pods':
        return isPicked(subject, label) ? YES : NO;
      case 'nodes':
        return this.#matchNodes(subject, label, OWN_NAME);
    }
  }

  /** Whether the peer means ends of the class. `name` stands for the end in reasons. */
  match(peer: Peer, end: EndClass, name: string): Truth {
    const { truths } = this.#known;
    switch (peer.kind) {
      case 'everything':
        return YES;
      case 'pods':
        return isPicked(peer, end.label) ? YES : NO;
      case 'nodes':
        return this.#matchNodes(peer, end.label, name);
      case 'networks':
        return this.#matchNetworks(peer, end, name);
      case 'outside':
        return end.label.kind === 'outside' ? YES : NO;
      case 'domainNames':
        return this.#matchDomainNames(peer.domainNames, end.label, name);
      case 'all': {
        let truth: Truth = YES;
        for (const part of peer.peers) truth = truths.all(truth, this.match(part, end, name));
        return truth;
      }
      case 'not':
        return not(this.match(peer.peer, end, name));
      case 'unknown':
        return truths.maybe([peer.reason]);
    }
  }

  /** Classes that the selection picks, rising. */
  pick(selection: PodSelection): Int32Array {
    const { ends, labels } = this.#known;
    const classCount = ends.all.length;
    // Many rules pick the same, above all "every pod".
    const key = JSON.stringify([selection.namespaces, selection.pods, selection.serviceAccounts]);
    const known = this.#picks.get(key);
    if (known?.classCount === classCount) return known.ids;
    const ids: number[] = [];
    for (const label of labels.pick(selection)) for (const id of ends.ofLabel(label)) ids.push(id);
    const sorted = Int32Array.from(ids).sort();
    this.#picks.set(key, { classCount, ids: sorted });
    return sorted;
  }

  /** Classes among which all are that the peer may mean; undefined when that could be any. */
  candidates(peer: Peer): Int32Array | undefined {
    const { ends } = this.#known;
    switch (peer.kind) {
      case 'pods':
        return this.pick(peer);
      case 'networks': {
        const set = this.#setOf(peer);
        const places = ends.places.filter((place) => this.#inPlace(set, place, '') !== NO);
        return Int32Array.from(places.flatMap(({ id }) => ends.ofPlace(id)));
      }
      case 'all': {
        const parts = peer.peers.flatMap((part) => this.candidates(part) ?? []);
        return parts.toSorted((a, b) => a.length - b.length)[0];
      }
      case 'everything':
      case 'nodes':
      case 'outside':
      case 'domainNames':
      case 'not':
      case 'unknown':
        return undefined;
    }
  }

  #matchNodes(
    { nodes }: Extract<Peer, { kind: 'nodes' }>,
    { kind, features, nodeLabels }: LabelClass,
    name: string,
  ): Truth {
    if (kind !== 'node' && kind !== 'host') return NO;
    if (features.includes(this.#known.vocabulary.fact(NODE_UNKNOWN)))
      return this.#known.truths.maybe([`the node of ${name} is not known`]);
    return holdsFor(nodes, nodeLabels) ? YES : NO;
  }

  #matchNetworks(peer: NetworksPeer, { label, place }: EndClass, name: string): Truth {
    if (peer.outsideOnly && label.kind !== 'outside') return NO;
    if (label.kind === 'pod' && !this.#semantics.networksMatchPods) return NO;
    return place ? this.#inPlace(this.#setOf(peer), place, name) : NO;
  }

  #setOf(peer: NetworksPeer): NetworkSet {
    const known = this.#sets.get(peer);
    if (known) return known;
    const made = this.#known.networks.setOf(peer.networks);
    this.#sets.set(peer, made);
    return made;
  }

  #inPlace(set: NetworkSet, { family, zones }: Place, name: string): Truth {
    const { truths } = this.#known;
    if (set.ranges[family].length === 0) return NO;
    if (set.isWhole[family]) return YES;
    if (zones === 'unknown')
      return truths.maybe([`the address of ${name} is not known, and a rule names networks`]);
    const inside = zones.filter((zone) => zoneHolds(set, zone)).length;
    if (inside === 0) return NO;
    if (inside === zones.length) return YES;
    return truths.maybe([`${name} has addresses inside and outside of a network`]);
  }

  #matchDomainNames(patterns: readonly string[], label: LabelClass, name: string): Truth {
    const { truths, vocabulary } = this.#known;
    if (label.kind !== 'outside')
      return patterns.some((pattern) => reaches(pattern, this.#semantics.clusterDomain))
        ? truths.maybe([`a rule names domains of the cluster, which may mean ${name}`])
        : NO;
    if (!label.features.includes(vocabulary.fact(NAMES_KNOWN)))
      return truths.maybe([`a rule names domains, and which names mean ${name} is not known`]);
    return patterns.some((pattern) =>
      label.features.includes(vocabulary.existsFeature('domain', pattern)),
    )
      ? YES
      : NO;
  }
}

/** The classes of outside ends whose names are known have the patterns that one of the names matches as features. */
export function matchedPatterns(known: Knowledge, names: readonly string[]): number[] {
  return [...known.vocabulary.keysOf('domain')].flatMap(([pattern, { exists }]) =>
    exists !== undefined && names.some((name) => matchesName(pattern, name)) ? [exists] : [],
  );
}

function isWorkload({ kind }: LabelClass): boolean {
  return kind === 'pod' || kind === 'host';
}
