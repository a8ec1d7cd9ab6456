import { canonicalJson, pathText, sha256Hex, type Json, type Problem } from '@picket/kernel';
import type { Blueprint, ParameterValues } from '@picket/policy';
import type { LabelSelector } from '@picket/selector';

import { expand, type ExpandedVersion } from './expand.ts';
import { lossesOf, type Loss, type ServedKinds } from './losses.ts';
import { objectName, templateOf, type BoundNamespacePolicy } from './namespace-policy.ts';
import {
  BLUEPRINT_LABEL,
  MANAGED_BY,
  ORIGIN_ANNOTATION,
  originText,
  type BlueprintOrigin,
} from './origin.ts';
import type {
  Adoption,
  Manifest,
  NamespaceTemplate,
  PolicySet,
  PolicySetObject,
} from './policy-set.ts';

/** One assignment that picks the cluster, and what it binds. `includes` holds `name@version` → document of all that are reachable. */
export interface Binding {
  readonly assignment: string;
  readonly blueprint: string;
  readonly version: number;
  readonly document: Blueprint;
  readonly includes: Readonly<Record<string, Blueprint>>;
  readonly parameters: ParameterValues;
}

/** All that a policy set depends on: never namespaces or workloads (decision 1). */
export interface CompileInput {
  readonly bindings: readonly Binding[];
  /** What application teams have for their own namespaces here. None when left out. */
  readonly namespacePolicies?: readonly BoundNamespacePolicy[];
  readonly capabilities: ServedKinds;
}

export interface CompileResult {
  readonly policySet: PolicySet;
  /** Canonical JSON of `policySet`: what agents fetch. */
  readonly text: string;
  /** SHA-256 of `text`: its name. */
  readonly digest: string;
  readonly losses: readonly Loss[];
  readonly problems: readonly Problem[];
  /** True when a problem or a blocking loss stands in the way: the cluster keeps the set it has. */
  readonly blocked: boolean;
}

interface Entry {
  readonly object: PolicySetObject | NamespaceTemplate;
  readonly blocksOnLoss: boolean;
  readonly path: readonly PropertyKey[];
}

/**
 * The policy set of every cluster with these bindings, namespace policies and capabilities.
 *
 * Deterministic: neither the order of bindings or policies nor of object members matters. What the cluster cannot express is left out and
 * told as a loss. Two sources that give one object different content, or one tier and priority to two policies, are problems.
 * Paths of problems start with `assignments["name"]`.
 */
export function compile({
  bindings,
  namespacePolicies = [],
  capabilities,
}: CompileInput): CompileResult {
  const sources: (readonly Problem[])[] = [];
  const entries: Entry[] = [];
  for (const binding of bindings.toSorted((a, b) => order(a.assignment, b.assignment))) {
    const base = ['assignments', binding.assignment];
    const { versions, problems: found } = expand(
      binding,
      binding.parameters,
      binding.includes,
      base,
    );
    sources.push(found);
    if (found.every(({ severity }) => severity !== 'error'))
      for (const version of versions) entries.push(...entriesOf(version, binding.assignment));
  }
  for (const policy of namespacePolicies)
    entries.push({
      object: templateOf(policy),
      // What one team writes must not keep the cluster from everybody else's changes.
      blocksOnLoss: false,
      path: ['namespacePolicies', policy.project, policy.claim, policy.name],
    });
  const { kept, conflicts } = merge(entries);
  const problems = [...sources.flat(), ...conflicts, ...equalPriorities(kept)];

  const losses: Loss[] = [];
  const fine = kept.filter(({ object, blocksOnLoss }) => {
    const found = lossesOf(object.manifest, capabilities);
    const { name, annotations } = object.manifest.metadata;
    const origin = annotations[ORIGIN_ANNOTATION] ?? '';
    losses.push(...found.map((loss) => ({ ...loss, object: name, origin, blocks: blocksOnLoss })));
    return found.length === 0;
  });
  const policySet: PolicySet = {
    format: 1,
    objects: fine.flatMap(({ object }) => ('namespaceSelector' in object ? [] : [object])),
    templates: fine.flatMap(({ object }) => ('namespaceSelector' in object ? [object] : [])),
  };
  const text = canonicalJson(policySet as unknown as Json);
  const blocked =
    problems.some(({ severity }) => severity === 'error') || losses.some(({ blocks }) => blocks);
  return { policySet, text, digest: sha256Hex(text), losses, problems, blocked };
}

/** Names a compilation by its inputs, so that it is done once: SHA-256 of their canonical text. Equal for every order of bindings and policies. */
export function compileKey({
  bindings,
  namespacePolicies = [],
  capabilities,
}: CompileInput): string {
  const sorted = bindings.toSorted((a, b) => order(a.assignment, b.assignment));
  const policies = namespacePolicies.toSorted((a, b) => order(objectName(a), objectName(b)));
  const inputs = {
    bindings: sorted,
    capabilities,
    // Where there are none the key stays what it was before there could be any.
    ...(policies.length > 0 && { namespacePolicies: policies }),
  };
  return sha256Hex(canonicalJson(inputs as unknown as Json));
}

function entriesOf(
  { blueprint, version, document, path }: ExpandedVersion,
  assignment: string,
): Entry[] {
  const blocksOnLoss = document.onLoss !== 'Report';
  const adoption = (own: Adoption | undefined): Adoption => own ?? document.adoption ?? 'Never';
  const meta = (entry: string): BlueprintOrigin => ({ blueprint, version, entry, assignment });
  const add = (object: Entry['object'], section: string, index: number): Entry => ({
    object,
    blocksOnLoss,
    path: [...path, section, index],
  });
  return [
    ...(document.clusterPolicies ?? []).map((policy, index) => {
      const kind = {
        apiVersion: 'policy.networking.k8s.io/v1alpha2',
        kind: 'ClusterNetworkPolicy',
      };
      const manifest = stamped(
        { ...kind, metadata: { name: policy.name }, spec: policy.spec },
        meta(`clusterPolicies/${policy.name}`),
      );
      return add({ adoption: adoption(policy.adoption), manifest }, 'clusterPolicies', index);
    }),
    ...(document.namespacePolicies ?? []).map((policy, index) => {
      const kind = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' };
      const manifest = stamped(
        { ...kind, metadata: { name: policy.name }, spec: policy.spec },
        meta(`namespacePolicies/${policy.name}`),
      );
      const namespaceSelector = policy.namespaceSelector as LabelSelector;
      return add(
        { adoption: adoption(policy.adoption), manifest, namespaceSelector },
        'namespacePolicies',
        index,
      );
    }),
    ...(document.manifests ?? []).map((raw, index) => {
      const source = raw.manifest as unknown as RawManifest;
      const manifest = stamped(source, meta(`manifests/${source.kind}/${source.metadata.name}`));
      return add({ adoption: adoption(raw.adoption), manifest }, 'manifests', index);
    }),
  ];
}

interface RawManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: unknown;
}

function stamped(
  { apiVersion, kind, metadata, spec }: RawManifest,
  origin: BlueprintOrigin,
): Manifest {
  const labels = { ...metadata.labels, ...MANAGED_BY, [BLUEPRINT_LABEL]: origin.blueprint };
  const annotations = { ...metadata.annotations, [ORIGIN_ANNOTATION]: originText(origin) };
  const { name, namespace } = metadata;
  return {
    apiVersion,
    kind,
    metadata: { name, ...(namespace !== undefined && { namespace }), labels, annotations },
    spec: spec as Manifest['spec'],
  };
}

function keyOf({ manifest, ...rest }: PolicySetObject | NamespaceTemplate): string {
  const { apiVersion, kind, metadata } = manifest;
  const place = 'namespaceSelector' in rest ? '*' : (metadata.namespace ?? '');
  return `${apiVersion}/${kind} ${place}/${metadata.name}`;
}

/** Sorted by key; the same object from two sources counts once, and blocks on a loss when one of them asks for that. Different content under one key is a conflict. */
function merge(entries: readonly Entry[]): { kept: Entry[]; conflicts: Problem[] } {
  const byKey = new Map<string, Entry>();
  const conflicts: Problem[] = [];
  for (const entry of entries) {
    const key = keyOf(entry.object);
    const first = byKey.get(key);
    if (!first) {
      byKey.set(key, entry);
      continue;
    }
    if (content(first.object) === content(entry.object)) {
      byKey.set(key, { ...first, blocksOnLoss: first.blocksOnLoss || entry.blocksOnLoss });
      continue;
    }
    const by = first.object.manifest.metadata.annotations[ORIGIN_ANNOTATION];
    const message = `${key} is given different content by ${by}`;
    conflicts.push({
      path: pathText(entry.path),
      code: 'OBJECT_CONFLICT',
      message,
      severity: 'error',
    });
  }
  const kept = [...byKey].toSorted(([a], [b]) => order(a, b)).map(([, entry]) => entry);
  return { kept, conflicts };
}

/** What must be equal for two sources to agree: everything but where it comes from. */
function content(object: PolicySetObject | NamespaceTemplate): string {
  const { labels, annotations, ...metadata } = object.manifest.metadata;
  const { [BLUEPRINT_LABEL]: _blueprint, ...ownLabels } = labels;
  const { [ORIGIN_ANNOTATION]: _origin, ...ownAnnotations } = annotations;
  const own = { ...metadata, labels: ownLabels, annotations: ownAnnotations };
  const anonymous = { ...object, manifest: { ...object.manifest, metadata: own } };
  return canonicalJson(anonymous as unknown as Json);
}

/** Two ClusterNetworkPolicies with one tier and priority: the API leaves their order undefined. */
function equalPriorities(entries: readonly Entry[]): Problem[] {
  const first = new Map<string, string>();
  return entries.flatMap(({ object: { manifest }, path }) => {
    if (manifest.kind !== 'ClusterNetworkPolicy') return [];
    const { tier, priority } = manifest.spec;
    const key = `tier ${JSON.stringify(tier)} priority ${JSON.stringify(priority)}`;
    const other = first.get(key);
    if (other === undefined) {
      first.set(key, manifest.metadata.name);
      return [];
    }
    const message = `${manifest.metadata.name} and ${other} both have ${key}: their order is undefined`;
    return [{ path: pathText(path), code: 'PRIORITY_EQUAL', message, severity: 'error' as const }];
  });
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
