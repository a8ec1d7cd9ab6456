import type { LabelFormula, Labels } from '@picket/selector';

import {
  DIRECTIONS,
  type Peer,
  type Policy,
  type PodSelection,
  type Subject,
} from '../model/policy.ts';

/** What a feature is about. `domain`: a pattern of names; `fact`: what is not a label; `every`: see `everyValueFeature`. */
export type Scope = 'namespace' | 'pod' | 'node' | 'account' | 'port' | 'domain' | 'fact' | 'every';

/**
 * Something about an end that a policy can ask for: a label with this value, or with any (`value` absent).
 * What no policy asks for, such as the hash of a pod template, is no feature, so ends that differ only there are alike.
 */
export interface Feature {
  readonly id: number;
  readonly scope: Scope;
  readonly key: string;
  readonly value?: string;
}

interface KeyFeatures {
  readonly values: Map<string, number>;
  /** Has the key, whatever the value. */
  exists?: number;
  /** A policy looks into the text of values, so each value is a feature of its own. */
  everyValue?: number;
}

/** The features that policies ask for; only ever added to. */
export class Vocabulary {
  readonly features: Feature[] = [];
  readonly #scopes = new Map<Scope, Map<string, KeyFeatures>>();

  keysOf(scope: Scope): ReadonlyMap<string, KeyFeatures> {
    return this.#scopes.get(scope) ?? new Map<string, KeyFeatures>();
  }

  valueFeature(scope: Scope, key: string, value: string): number {
    const { values } = this.#key(scope, key);
    const known = values.get(value);
    if (known !== undefined) return known;
    const id = this.#add({ scope, key, value });
    values.set(value, id);
    return id;
  }

  existsFeature(scope: Scope, key: string): number {
    const entry = this.#key(scope, key);
    return (entry.exists ??= this.#add({ scope, key }));
  }

  /** No end has this one; it says that every value of the key is a feature. */
  everyValueFeature(scope: Scope, key: string): number {
    const entry = this.#key(scope, key);
    return (entry.everyValue ??= this.#add({ scope: 'every', key: `${scope} ${key}` }));
  }

  fact(key: string): number {
    return this.existsFeature('fact', key);
  }

  /** Adds the features of these labels to `into`. */
  read(scope: Scope, labels: Labels, into: number[]): void {
    const keys = this.#scopes.get(scope);
    if (!keys) return;
    for (const key in labels) {
      const entry = keys.get(key);
      const value = labels[key];
      if (!entry || value === undefined) continue;
      const feature =
        entry.everyValue === undefined
          ? entry.values.get(value)
          : this.valueFeature(scope, key, value);
      if (feature !== undefined) into.push(feature);
      if (entry.exists !== undefined) into.push(entry.exists);
    }
  }

  /** Learns what a policy asks for; `seen` gets every feature of it, new or not. */
  learn(policy: Policy, seen?: Set<number>): void {
    const note = (feature: number): void => void seen?.add(feature);
    this.#learnSubject(policy.subject, note);
    for (const direction of DIRECTIONS)
      for (const { peers, ports, subject } of policy[direction]?.rules ?? []) {
        for (const peer of peers) this.#learnPeer(peer, note);
        if (subject) this.#learnPeer(subject, note);
        for (const port of ports ?? [])
          if (port.kind === 'named') note(this.existsFeature('port', port.name));
      }
  }

  #learnSubject(subject: Subject, note: (feature: number) => void): void {
    if (subject.kind === 'pods') this.#learnPods(subject, note);
    else if (subject.kind === 'nodes') this.#learnFormula('node', subject.nodes, note);
  }

  #learnPeer(peer: Peer, note: (feature: number) => void): void {
    switch (peer.kind) {
      case 'pods':
        return this.#learnPods(peer, note);
      case 'nodes':
        return this.#learnFormula('node', peer.nodes, note);
      case 'domainNames':
        for (const pattern of peer.domainNames) note(this.existsFeature('domain', pattern));
        return;
      case 'all':
        for (const part of peer.peers) this.#learnPeer(part, note);
        return;
      case 'not':
        return this.#learnPeer(peer.peer, note);
      case 'everything':
      case 'networks':
      case 'outside':
      case 'unknown':
    }
  }

  #learnPods(
    { namespaces, pods, serviceAccounts = [] }: PodSelection,
    note: (feature: number) => void,
  ): void {
    this.#learnFormula('namespace', namespaces, note);
    this.#learnFormula('pod', pods, note);
    for (const account of serviceAccounts) note(this.existsFeature('account', account));
  }

  #learnFormula(scope: Scope, formula: LabelFormula, note: (feature: number) => void): void {
    if ('all' in formula) for (const part of formula.all) this.#learnFormula(scope, part, note);
    else if ('any' in formula)
      for (const part of formula.any) this.#learnFormula(scope, part, note);
    else if ('not' in formula) this.#learnFormula(scope, formula.not, note);
    else {
      const { key, operator, values = [] } = formula;
      if (operator === 'In' || operator === 'NotIn')
        for (const value of values) note(this.valueFeature(scope, key, value));
      else if (operator === 'Exists' || operator === 'DoesNotExist')
        note(this.existsFeature(scope, key));
      else note(this.everyValueFeature(scope, key));
    }
  }

  #key(scope: Scope, key: string): KeyFeatures {
    let keys = this.#scopes.get(scope);
    if (!keys) this.#scopes.set(scope, (keys = new Map<string, KeyFeatures>()));
    let entry = keys.get(key);
    if (!entry) keys.set(key, (entry = { values: new Map() }));
    return entry;
  }

  #add(feature: Omit<Feature, 'id'>): number {
    return this.features.push({ ...feature, id: this.features.length }) - 1;
  }
}

/** Of a feature that says that every value of a key is one: the key. */
export function everyValueOf({ scope, key }: Feature): Omit<Feature, 'id'> | undefined {
  if (scope !== 'every') return undefined;
  const [of = '', ...rest] = key.split(' ');
  return { scope: of as Scope, key: rest.join(' ') };
}
