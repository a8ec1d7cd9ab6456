import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { Args, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import {
  type NamespaceTemplate,
  originOf,
  type PolicySet,
  type PolicySetObject,
} from '@picket/compiler';

import type { Cluster } from '../clusters/cluster.ts';
import { ClusterType, PageArgs } from '../clusters/cluster.graphql.ts';
import { connectionOf, pageRequest } from '../platform/connection.ts';
import * as graphql from './policy-set.graphql.ts';
import { PolicySetRepository } from './policy-set.repository.ts';

const unzipped = promisify(gunzip);

interface Described {
  readonly digest: string;
  readonly body: Buffer;
}

@Resolver(() => ClusterType)
export class ClusterPolicySetResolver {
  constructor(private readonly policySets: PolicySetRepository) {}

  @ResolveField(() => graphql.PolicySetType, {
    nullable: true,
    description: 'What it must have; null before its first facts.',
  })
  async policySet(@Parent() { desiredDigest, renderKey }: Cluster): Promise<object | null> {
    if (desiredDigest === null) return null;
    const described = await this.policySets.describe(desiredDigest, renderKey);
    if (!described) return null;
    const { losses, problems, blocked, ...rest } = described;
    const reasons = [
      ...problems.map(({ path, message }) => `${path}: ${message}`),
      ...losses.map((loss) => JSON.stringify(loss)),
    ];
    return { ...rest, digest: desiredDigest, losses, blocked: blocked ? reasons : [] };
  }
}

@Resolver(() => graphql.PolicySetType)
export class PolicySetResolver {
  @ResolveField(() => graphql.PolicySetObjectConnection, {
    description: 'Its objects and templates, in canonical order.',
  })
  async objects(
    @Parent() { body }: Described,
    @Args() { first, after }: PageArgs,
  ): Promise<object> {
    const page = pageRequest(first, after);
    const start = page.after === undefined ? 0 : Number(page.after) + 1;
    const set = JSON.parse((await unzipped(body)).toString('utf8')) as PolicySet;
    const all = [...set.objects, ...set.templates];
    const items = all
      .slice(start, start + page.first + 1)
      .map((object, index) => ({ ...describe(object), index: start + index }));
    return connectionOf(
      items,
      page,
      ({ index }) => String(index),
      () => Promise.resolve(all.length),
    );
  }
}

function describe(object: PolicySetObject | NamespaceTemplate): object {
  const { manifest, adoption } = object;
  const { name, namespace, annotations } = manifest.metadata;
  const namespaceSelector = 'namespaceSelector' in object ? object.namespaceSelector : null;
  const origin = originOf(annotations);
  const [section = '', ...entry] = (origin?.entry ?? '').split('/');
  return {
    kind: `${manifest.apiVersion}/${manifest.kind}`,
    namespace: namespace ?? null,
    name,
    adoption,
    template: namespaceSelector !== null,
    namespaceSelector,
    manifest,
    origin: {
      blueprint: '',
      version: 0,
      assignment: '',
      ...origin,
      section,
      entry: entry.join('/'),
    },
  };
}
