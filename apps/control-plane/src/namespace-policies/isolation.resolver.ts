import { Args, Mutation, Resolver } from '@nestjs/graphql';

import { CurrentActor, Requires } from '../access/access.guard.ts';
import type { Actor } from '../access/actor.ts';
import { labelsOf, nameOf, openingsOf, portsOf, workloadOf } from './isolation-input.ts';
import * as graphql from './isolation.graphql.ts';
import { IsolationService, type Written } from './isolation.service.ts';

@Resolver()
export class IsolationResolver {
  constructor(private readonly isolation: IsolationService) {}

  @Mutation(() => graphql.IsolationResult, {
    description: 'Closes a namespace to all but itself, DNS and the openings.',
  })
  @Requires('write', 'NamespacePolicy')
  async isolateNamespace(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.IsolateNamespaceInput,
  ): Promise<object> {
    return resultOf(await this.isolation.isolateNamespace(actor, isolationOf(input)));
  }

  @Mutation(() => graphql.IsolationResult, {
    description: 'Closes pods to all but DNS and the openings.',
  })
  @Requires('write', 'NamespacePolicy')
  async isolateWorkload(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.IsolateWorkloadInput,
  ): Promise<object> {
    const labels = labelsOf(input.labels, 'labels');
    return resultOf(await this.isolation.isolateWorkload(actor, { ...isolationOf(input), labels }));
  }

  @Mutation(() => graphql.IsolationResult, {
    description: 'Lets one workload connect to another, on the sides that the claim has.',
  })
  @Requires('write', 'NamespacePolicy')
  async allowWorkload(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.AllowWorkloadInput,
  ): Promise<object> {
    const source = workloadOf(input.source, 'source');
    const target = workloadOf(input.target, 'target');
    const ports = portsOf(input.ports);
    const wish = { ...whereOf(input), source, target, ports };
    return resultOf(await this.isolation.allowWorkload(actor, wish));
  }

  @Mutation(() => graphql.IsolationResult, {
    description:
      'Keeps pods of one namespace out of another. Refused where another policy lets them in, or where it would open what others close.',
  })
  @Requires('write', 'NamespacePolicy')
  async denyNamespace(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.DenyNamespaceInput,
  ): Promise<object> {
    const source = nameOf(input.source, 'source');
    const target = nameOf(input.target, 'target');
    return resultOf(
      await this.isolation.denyNamespace(actor, { ...whereOf(input), source, target }),
    );
  }
}

function whereOf({
  project,
  claim,
  reason,
}: {
  readonly project?: string | null;
  readonly claim: string;
  readonly reason?: string | null;
}): { project: string; claim: string; reason: string | null } {
  return { project: project ?? 'default', claim, reason: reason ?? null };
}

function isolationOf(
  input: graphql.IsolateNamespaceInput,
): Parameters<IsolationService['isolateNamespace']>[1] {
  const { namespace, openings } = input;
  return {
    ...whereOf(input),
    ...(namespace && { namespace: nameOf(namespace, 'namespace') }),
    openings: openingsOf(openings),
  };
}

function resultOf({ policies, requests, problems }: Written): object {
  return { namespacePolicies: policies, policyRequests: requests, problems };
}
