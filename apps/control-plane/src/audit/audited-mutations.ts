import { redactedText } from '@picket/audit';
import {
  type GraphQLField,
  GraphQLInputObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  GraphQLString,
  isNonNullType,
} from 'graphql';
import { z } from 'zod';

import { refusalCode } from '../platform/graphql-errors.ts';
import { checked } from '../platform/input.ts';
import type { Acting } from './acting.ts';
import { Attempt, type Origin, type Subject } from './attempt.ts';
import { newEvent } from './event.ts';
import type { Refusals } from './refusals.ts';

const REASON_MAX = 500;
const Reason = z.string().max(REASON_MAX).nullish();

/** What the context of a request must have. */
interface Context {
  readonly actor?: Acting;
  readonly origin?: Origin;
}
type Input = Readonly<Record<string, unknown>>;

/**
 * Gives every mutation an optional `reason` in its input, an attempt that travels with the actor, and an event when it is refused. A
 * mutation that succeeds without exactly one event (audit/changes.ts) is a bug and answers INTERNAL.
 */
export function auditedMutations(schema: GraphQLSchema, refusals: Refusals): GraphQLSchema {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    addReason(field);
    const { resolve } = field;
    if (!resolve) continue;
    field.resolve = async (root, args: { input?: Input }, context: Context, info) => {
      const { actor } = context;
      if (!actor) return resolve(root, args, context, info);
      const attempt = attemptOf(args.input ?? {}, context, info);
      const trying: Acting = { ...actor, attempt };
      try {
        checked(Reason, args.input?.['reason'], 'input.reason');
        const own = Object.assign(Object.create(context), { actor: trying }) as Context;
        const result: unknown = await resolve(root, args, own, info);
        // So the filter of platform/graphql-errors.ts lets Nest hand on a refusal.
        if (result instanceof Error) throw result;
        if (attempt.events !== 1)
          throw new Error(`${attempt.operation} left ${attempt.events} audit events, not one`);
        return result;
      } catch (error) {
        // What failed after its commit has its event.
        if (attempt.events === 0)
          await refusals.note({ ...newEvent(trying, attempt.subject), ...endOf(error) });
        throw error;
      }
    };
  }
  return schema;
}

function addReason({ args }: GraphQLField<unknown, unknown>): void {
  const type = args.find(({ name }) => name === 'input')?.type;
  const input = isNonNullType(type) ? type.ofType : type;
  // One that has a reason of its own keeps it.
  if (!(input instanceof GraphQLInputObjectType) || 'reason' in input.getFields()) return;
  input.getFields()['reason'] = {
    name: 'reason',
    type: GraphQLString,
    description: `Why, for the audit log; at most ${REASON_MAX} characters.`,
    defaultValue: undefined,
    deprecationReason: undefined,
    extensions: {},
    astNode: undefined,
  };
}

function attemptOf(input: Input, { origin }: Context, { fieldName }: GraphQLResolveInfo): Attempt {
  const { reason } = input;
  return new Attempt(
    fieldName,
    origin ?? { address: null, requestId: null },
    typeof reason === 'string'
      ? redactedText(reason.slice(0, REASON_MAX)).slice(0, REASON_MAX).toWellFormed()
      : null,
    subjectOf(input),
  );
}

/** By its input: the first id, and the name. */
function subjectOf(input: Input): Subject {
  const textOf = (key: string | undefined): string | undefined => {
    const value = key === undefined ? undefined : input[key];
    return typeof value === 'string' ? value : undefined;
  };
  const id = Object.keys(input).find((key) => key === 'id' || key.endsWith('Id'));
  return { id: textOf(id), name: textOf('name') ?? textOf('project') };
}

function endOf(error: unknown): { outcome: 'REFUSED' | 'FAILED'; code: string } {
  const code = refusalCode(error);
  return code === undefined
    ? { outcome: 'FAILED', code: 'INTERNAL' }
    : { outcome: 'REFUSED', code };
}
