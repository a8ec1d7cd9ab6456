import 'reflect-metadata';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Extensions,
  Field,
  ObjectType,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import type { GraphQLField, GraphQLSchema } from 'graphql';

import { createApi, servicesOfNoHub } from '../create-api.ts';
import { HubModule } from '../hub.module.ts';
import { LATER, readsOnly } from '../platform/inline-fields.ts';
import { abilityFor } from './ability.ts';
import { Requires, type Requirement } from './access.guard.ts';
import type { Actor } from './actor.ts';
import { ACTIONS, PERMISSIONS, THINGS } from './permissions.ts';

/** What needs no role: it speaks of nothing but the caller. */
const FOR_EVERYBODY = ['Query.me'];

interface Declared {
  readonly field: string;
  readonly requires: Partial<Requirement> | undefined;
}
type Fields = Record<string, GraphQLField<unknown, unknown>>;

/** Every operation, and every field that is more than a property of its parent, with what it declares. */
function walk(schema: GraphQLSchema): Declared[] {
  const roots = ['Query', 'Mutation', 'Subscription'];
  return Object.values(schema.getTypeMap()).flatMap((type) => {
    if (type.name.startsWith('__') || !('getFields' in type) || !('getInterfaces' in type))
      return [];
    const fields = Object.values(type.getFields() as Fields);
    return fields
      .filter(
        ({ name, resolve }) =>
          roots.includes(type.name) ||
          (resolve !== undefined && !readsOnly(resolve as (source: unknown) => unknown, name)),
      )
      .map(({ name, extensions }) => ({
        field: `${type.name}.${name}`,
        requires: extensions['requires'] as Partial<Requirement> | undefined,
      }));
  });
}
const undeclared = (schema: GraphQLSchema): string[] =>
  walk(schema)
    .filter(
      ({ field, requires }) =>
        !FOR_EVERYBODY.includes(field) &&
        !(
          THINGS.some((thing) => thing === requires?.type) &&
          ACTIONS.some((action) => action === requires?.action)
        ),
    )
    .map(({ field }) => field);

@ObjectType('Probe')
class ProbeType {
  @Field() plain!: string;
}

/** What somebody might add in a hurry. */
@Resolver(() => ProbeType)
class ProbeResolver {
  @Query(() => ProbeType)
  undeclaredQuery(): object {
    return { plain: 'secret' };
  }

  @Query(() => ProbeType)
  @Requires('read', 'Cluster')
  declaredQuery(): object {
    return { plain: 'seen' };
  }

  @ResolveField(() => String, { nullable: true })
  undeclaredField(): string {
    return 'secret';
  }

  /** The words that let a property be a promise do not let a resolver in. */
  @ResolveField(() => String, { nullable: true })
  @Extensions(LATER)
  laterField(): string {
    return 'secret';
  }

  @ResolveField(() => String, { nullable: true })
  @Requires('read', 'Cluster')
  declaredField(): string {
    return 'seen';
  }

  @Subscription(() => ProbeType)
  async *undeclaredSubscription(): AsyncGenerator<object> {
    yield await Promise.resolve({ undeclaredSubscription: { plain: 'secret' } });
  }
}

describe('the whole schema', () => {
  let api: Awaited<ReturnType<typeof createApi>>;
  beforeAll(async () => {
    api = await createApi();
  });
  afterAll(() => api.app.close());

  it('declares a permission for every query, mutation, subscription and field that loads', () => {
    const walked = walk(api.schema).map(({ field }) => field);

    expect(undeclared(api.schema)).toEqual([]);
    expect(walked.length).toBeGreaterThan(80);
    expect(walked).toEqual(
      expect.arrayContaining([
        'Query.clusters',
        'Mutation.applyDocuments',
        'Subscription.clusterChanged',
        'Cluster.policySet',
        'NamespaceClaim.clusters',
      ]),
    );
  });
});

describe('what was added without a declaration', () => {
  const actor: Actor = {
    caller: { kind: 'TOKEN', id: 't', name: 't' },
    organizationId: 'o',
    held: [],
    ability: abilityFor('o', [{ permissions: PERMISSIONS, scope: { kind: 'organization' } }]),
  };
  let api: Awaited<ReturnType<typeof createApi>>;
  beforeAll(async () => {
    const services = servicesOfNoHub();
    Object.assign(services.authenticator, { find: () => Promise.resolve(actor) });
    Object.assign(services.signIns, { note: () => undefined });
    const module = HubModule.of(services);
    api = await createApi({ ...module, providers: [...(module.providers ?? []), ProbeResolver] });
  });
  afterAll(() => api.app.close());
  const ask = async (query: string): Promise<unknown> => {
    const answer = await api.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { authorization: 'Bearer x' },
      payload: { query },
    });
    const { data, errors = [] } = answer.json<{
      data: unknown;
      errors?: { extensions: object }[];
    }>();
    return { data, codes: errors.map(({ extensions }) => (extensions as { code: string }).code) };
  };

  it('is found by the walk', () => {
    expect(undeclared(api.schema)).toEqual([
      'Probe.laterField',
      'Probe.undeclaredField',
      'Query.undeclaredQuery',
      'Subscription.undeclaredSubscription',
    ]);
  });

  it('answers FORBIDDEN, to an admin too', async () => {
    expect(await ask('{ undeclaredQuery { plain } }')).toEqual({
      data: null,
      codes: ['FORBIDDEN'],
    });
    expect(
      await ask('{ declaredQuery { plain declaredField undeclaredField laterField } }'),
    ).toEqual({
      data: {
        declaredQuery: {
          plain: 'seen',
          declaredField: 'seen',
          undeclaredField: null,
          laterField: null,
        },
      },
      codes: ['FORBIDDEN', 'FORBIDDEN'],
    });
  });

  it('lets nobody subscribe', async () => {
    const { subscribe } = api.schema.getSubscriptionType()!.getFields()['undeclaredSubscription']!;

    await expect(
      Promise.resolve().then(() => subscribe?.({}, {}, { actor }, {} as never)),
    ).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
