import { Args, Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import {
  type NamespaceTemplate,
  type Origin,
  originOf,
  type PolicySetObject,
} from '@picket/compiler';

import { Requires } from '../access/access.guard.ts';
import type { Cluster } from '../clusters/cluster.ts';
import { ClusterType } from '../clusters/cluster.graphql.ts';
import { batched, type RequestContext } from '../platform/batched.ts';
import { connectionOfAll, PageArgs, pageRequest } from '../platform/connection.ts';
import * as graphql from './policy-set.graphql.ts';
import { PolicySetRepository } from './policy-set.repository.ts';

@Resolver(() => ClusterType)
export class ClusterPolicySetResolver {
  constructor(private readonly policySets: PolicySetRepository) {}

  @ResolveField(() => graphql.PolicySetType, {
    nullable: true,
    description:
      'What it must have; null before its first facts. Needs PolicySet:read for the cluster.',
  })
  @Requires('read', 'PolicySet')
  async policySet(
    @Parent()
    { desiredDigest: digest, renderKey, organizationId, projectId, labels }: Cluster,
    @Context() context: RequestContext,
  ): Promise<object | null> {
    if (digest === null) return null;
    const { policySets } = this;
    const [sizeBytes, findings] = await Promise.all([
      batched(context, 'policySetSize', (digests) => policySets.sizes(digests)).load(digest),
      renderKey === null
        ? undefined
        : batched(context, 'findings', (keys) => policySets.findings(keys)).load(renderKey),
    ]);
    const { losses = [], problems = [], blocked = false } = findings ?? {};
    const reasons = [
      ...problems.map(({ path, message }) => `${path}: ${message}`),
      ...losses.map((loss) => JSON.stringify(loss)),
    ];
    return {
      organizationId,
      projectId,
      labels,
      digest,
      sizeBytes,
      losses,
      blocked: blocked ? reasons : [],
    };
  }
}

@Resolver(() => graphql.PolicySetType)
export class PolicySetResolver {
  constructor(private readonly policySets: PolicySetRepository) {}

  @ResolveField(() => graphql.PolicySetObjectConnection, {
    description: 'Its objects and templates, in canonical order.',
  })
  @Requires('read', 'PolicySet')
  async objects(
    @Parent() { digest }: { digest: string },
    @Args() { first, after }: PageArgs,
    @Context() context: RequestContext,
  ): Promise<object> {
    const page = pageRequest(first, after);
    const set = await batched(context, 'policySet', (ids) => this.policySets.sets(ids)).load(
      digest,
    );
    const all = [...(set?.objects ?? []), ...(set?.templates ?? [])];
    return connectionOfAll(all.map(describe), page);
  }
}

function describe(object: PolicySetObject | NamespaceTemplate): object {
  const { manifest, adoption } = object;
  const { name, namespace, annotations } = manifest.metadata;
  const template = 'namespaceSelector' in object ? object : undefined;
  return {
    kind: `${manifest.apiVersion}/${manifest.kind}`,
    namespace: namespace ?? null,
    name,
    adoption,
    template: template !== undefined,
    namespaceSelector: template?.namespaceSelector ?? null,
    expiresAt: template?.expiresAt === undefined ? null : new Date(template.expiresAt * 1_000),
    manifest,
    origin: describeOrigin(originOf(annotations)),
  };
}

function describeOrigin(origin: Origin | undefined): object {
  if (!origin) return { version: 0 };
  if ('namespacePolicy' in origin) return origin;
  const [section = '', ...entry] = origin.entry.split('/');
  return { ...origin, section, entry: entry.join('/') };
}
