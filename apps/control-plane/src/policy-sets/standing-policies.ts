import { originOf, type Manifest, type PolicySet } from '@picket/compiler';
import { NetworkPolicySpec, type StandingPolicy } from '@picket/policy';
import { formulaOf, implies, mayHold } from '@picket/selector';

import { NAME_LABEL } from '../namespace-claims/claim.ts';
import type { StandingInClusters } from '../namespace-policies/standing-in-clusters.ts';
import type { Sql } from '../platform/database.ts';
import type { PolicySetRepository } from './policy-set.repository.ts';

/** Clusters mostly share their sets; of a fleet in which each has its own these are enough to find what most have. */
const SETS_MAX = 20;

interface Found {
  readonly manifest: Manifest;
  /** In how many of the sets it is there for certain. */
  readonly sure: number;
}

/** Reads what stands in a namespace off the policy sets of the clusters. */
export class StandingPolicies implements StandingInClusters {
  readonly #policySets: PolicySetRepository;

  constructor(policySets: PolicySetRepository) {
    this.#policySets = policySets;
  }

  async ofOthers(
    claim: Parameters<StandingInClusters['ofOthers']>[0],
    namespace: string,
    sql: Sql,
  ): Promise<StandingPolicy[]> {
    const digests = await this.#policySets.digestsOf(claim.selectorId, SETS_MAX + 1, sql);
    const known = digests.flatMap((digest) => digest ?? []).slice(0, SETS_MAX);
    const found = new Map<string, Found>();
    for (const set of (await this.#policySets.sets(known, sql)).values())
      for (const { manifest, isSure } of inNamespace(set, namespace)) {
        const text = JSON.stringify(manifest);
        found.set(text, { manifest, sure: (found.get(text)?.sure ?? 0) + Number(isSure) });
      }
    return [...found.values()].flatMap(({ manifest, sure }) => {
      const { data: spec } = NetworkPolicySpec.safeParse(manifest.spec);
      const owner = ownerOf(manifest);
      if (!spec || (owner?.project === claim.project && owner.claim === claim.name)) return [];
      const isSure = sure === digests.length;
      if (owner === undefined || owner.project === claim.project)
        return [{ name: manifest.metadata.name, spec, isSure }];
      // By labels either could have any namespace, and so would learn of all that the other has.
      return claim.namespaces !== null && isSure
        ? [{ name: OF_ANOTHER_PROJECT, spec, isSure }]
        : [];
    });
  }
}

const OF_ANOTHER_PROJECT = '(of another project)';

/** The claim that a namespace policy is of; undefined for what a blueprint brought. */
function ownerOf(manifest: Manifest): { project: string; claim: string } | undefined {
  const origin = originOf(manifest.metadata.annotations);
  return origin !== undefined && 'namespacePolicy' in origin ? origin : undefined;
}

/** NetworkPolicies of the set that are, or may be, in the namespace: of its labels only the name is known. */
function* inNamespace(
  { objects, templates }: PolicySet,
  namespace: string,
): Generator<{ readonly manifest: Manifest; readonly isSure: boolean }> {
  const isNamed = { key: NAME_LABEL, operator: 'In' as const, values: [namespace] };
  const isKind = ({ apiVersion }: Manifest): boolean => apiVersion === 'networking.k8s.io/v1';
  for (const { manifest } of objects)
    if (isKind(manifest) && manifest.metadata.namespace === namespace)
      yield { manifest, isSure: true };
  for (const { manifest, namespaceSelector, expiresAt } of templates) {
    const picks = formulaOf(namespaceSelector);
    if (isKind(manifest) && mayHold({ all: [isNamed, picks] }, [NAME_LABEL]))
      yield {
        manifest,
        isSure: expiresAt === undefined && implies(isNamed, picks, [NAME_LABEL]),
      };
  }
}
