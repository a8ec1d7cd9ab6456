import type { GraphQLSchema } from 'graphql';

import { readsOnly } from '../platform/inline-fields.ts';
import { type Instance, mayDo } from './ability.ts';
import type { Requirement } from './access.guard.ts';
import { type Actor, NotAllowed } from './actor.ts';

type Read = (source: unknown) => unknown;
type Resolve = (
  source: Partial<Instance> | undefined,
  args: unknown,
  context: { actor?: Actor },
  info: unknown,
) => unknown;

/**
 * Default deny for the fields of things: what is not only read from its parent asks for its permission on that parent, and answers FORBIDDEN
 * when it declares none. So does a subscription before it begins. Queries and mutations have the AccessGuard.
 */
export function guardFields(schema: GraphQLSchema): GraphQLSchema {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  for (const type of Object.values(schema.getTypeMap())) {
    const isOurs = !type.name.startsWith('__') && !roots.some((root) => root === type);
    if (!isOurs || !('getFields' in type)) continue;
    for (const field of Object.values(type.getFields()))
      if ('resolve' in field && field.resolve && !readsOnly(field.resolve as Read, field.name))
        field.resolve = guarded(
          field.resolve as Resolve,
          field.extensions['requires'] as Requirement | undefined,
        );
  }
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) {
    const rule = field.extensions['requires'] as Requirement | undefined;
    const begin = field.subscribe as Resolve;
    field.subscribe = guarded(
      (_source, args, context, info) => begin({}, args, context, info),
      rule,
    );
  }
  return schema;
}

function guarded(resolve: Resolve, rule: Requirement | undefined): Resolve {
  return (source, args, context, info) => {
    if (!rule || !context.actor || !covers(context.actor, rule, source ?? {}))
      throw new NotAllowed(
        rule ? `You may not ${rule.action} this ${rule.type}` : 'This field declares no permission',
      );
    return resolve(source, args, context, info);
  };
}

/** A parent that does not say whose it is was made for this caller. */
function covers(
  { ability }: Actor,
  { action, type }: Requirement,
  source: Partial<Instance>,
): boolean {
  const { organizationId } = source;
  return organizationId === undefined
    ? ability.can(action, type)
    : mayDo(ability, action, type, { ...source, organizationId });
}
