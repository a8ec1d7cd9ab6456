import {
  Args,
  Context,
  GraphQLISODateTime,
  Int,
  Parent,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';

import { type Instance, mayDo } from '../access/ability.ts';
import { CurrentActor, Requires } from '../access/access.guard.ts';
import type { Actor } from '../access/actor.ts';
import type { Cluster } from '../clusters/cluster.ts';
import { ClusterType } from '../clusters/cluster.graphql.ts';
import { batched, type RequestContext } from '../platform/batched.ts';
import { connectionOfAll, PageArgs, pageRequest } from '../platform/connection.ts';
import { JsonValue } from '../platform/json-scalar.ts';
import { PolicySetRepository } from '../policy-sets/policy-set.repository.ts';
import { type ClusterStatus, statusOf } from './status.ts';
import * as graphql from './status.graphql.ts';
import { StatusRepository, type StoredStatus } from './status.repository.ts';

@Resolver(() => ClusterType)
export class ClusterStatusResolver {
  constructor(private readonly statuses: StatusRepository) {}

  @ResolveField(() => graphql.ClusterStatusType, { description: 'What it has, by its own word.' })
  @Requires('read', 'Cluster')
  async status(
    @Parent() cluster: Cluster,
    @CurrentActor() actor: Actor,
    @Context() context: RequestContext,
  ): Promise<Instance & graphql.ClusterStatusType> {
    const status = statusOf(await this.#load(cluster, context));
    const { organizationId, projectId, labels } = cluster;
    const seesObjects = mayDo(actor.ability, 'read', 'PolicySet', cluster);
    return {
      ...status,
      reason: seesObjects ? status.reason : null,
      problems: seesObjects ? [...status.problems] : null,
      organizationId,
      projectId,
      labels,
    };
  }

  @ResolveField(() => GraphQLISODateTime, { nullable: true, description: 'Its last heartbeat.' })
  @Requires('read', 'Cluster')
  async lastSeenAt(
    @Parent() cluster: Cluster,
    @Context() context: RequestContext,
  ): Promise<Date | null> {
    return (await this.#load(cluster, context))?.seenAt ?? null;
  }

  @ResolveField(() => String, { nullable: true, description: 'Version of its agent.' })
  @Requires('read', 'Cluster')
  async agentVersion(
    @Parent() cluster: Cluster,
    @Context() context: RequestContext,
  ): Promise<string | null> {
    return (await this.#load(cluster, context))?.agentVersion ?? null;
  }

  @ResolveField(() => Int, {
    nullable: true,
    description:
      'Key statement of the hub that its agent followed last (hubKeys.counter); null: its agent follows none.',
  })
  @Requires('read', 'Cluster')
  async keysCounter(
    @Parent() cluster: Cluster,
    @Context() context: RequestContext,
  ): Promise<number | null> {
    return (await this.#load(cluster, context))?.keysCounter ?? null;
  }

  @ResolveField(() => String, {
    nullable: true,
    description:
      'Why its agent does not follow the next key statement; null: nothing is in the way.',
  })
  @Requires('read', 'Cluster')
  async keysFault(
    @Parent() cluster: Cluster,
    @Context() context: RequestContext,
  ): Promise<string | null> {
    return (await this.#load(cluster, context))?.keysFault ?? null;
  }

  @ResolveField(() => JsonValue, {
    nullable: true,
    description:
      'What it can express: version, network plugin, served policy kinds and their fields.',
  })
  @Requires('read', 'Cluster')
  async capabilities(
    @Parent() { capabilitiesHash }: Cluster,
    @Context() context: RequestContext,
  ): Promise<object | null> {
    if (capabilitiesHash === null) return null;
    return (
      (await batched(context, 'capabilities', (hashes) => this.statuses.capabilities(hashes)).load(
        capabilitiesHash,
      )) ?? null
    );
  }

  #load({ id }: Cluster, context: RequestContext): Promise<StoredStatus | undefined> {
    return batched(context, 'clusterStatus', (ids) => this.statuses.load(ids)).load(id);
  }
}

@Resolver(() => graphql.ClusterStatusType)
export class StatusObjectsResolver {
  constructor(private readonly policySets: PolicySetRepository) {}

  @ResolveField(() => graphql.ObjectStatusConnection, {
    nullable: true,
    description:
      'Every object of the set that it must have, and its state. Needs PolicySet:read for the cluster.',
  })
  @Requires('read', 'PolicySet')
  async objects(
    @Parent() status: ClusterStatus,
    @Args() { first, after }: PageArgs,
    @Context() context: RequestContext,
  ): Promise<object> {
    return connectionOfAll(await this.#objects(status, context), pageRequest(first, after));
  }

  /** What is not in place as it was reported, then what is: the set without the exceptions. */
  async #objects(
    { desiredDigest, appliedDigest, problems }: ClusterStatus,
    context: RequestContext,
  ): Promise<graphql.ObjectStatusType[]> {
    const sets = batched(context, 'policySet', (ids) => this.policySets.sets(ids));
    const set = desiredDigest === null ? undefined : await sets.load(desiredDigest);
    if (!set) return [...problems];
    const state = desiredDigest === appliedDigest ? 'applied' : 'pending';
    const told = new Set(
      problems.map(({ kind, namespace, name }) => `${kind} ${namespace} ${name}`),
    );
    const others = [...set.objects, ...set.templates].map(
      ({ manifest: { apiVersion, kind, metadata } }) => ({
        kind: `${apiVersion}/${kind}`,
        namespace: metadata.namespace ?? null,
        name: metadata.name,
        state,
        message: null,
      }),
    );
    return [
      ...problems,
      ...others.filter(({ kind, namespace, name }) => !told.has(`${kind} ${namespace} ${name}`)),
    ];
  }
}
