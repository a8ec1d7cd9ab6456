import { DomainError, type Json, type Problem } from '@picket/kernel';
import { problemsOf } from '@picket/policy';
import { z } from 'zod';

/** An input has problems; `details.problems` lists all of them with their paths. */
export class InputInvalid extends DomainError {
  readonly code = 'INPUT_INVALID';
  readonly kind = 'invalid';

  constructor(what: string, problems: readonly Problem[]) {
    super(
      `${what}: ${problems.map(({ path, message }) => `${path} ${message}`.trim()).join('; ')}`.slice(
        0,
        2_000,
      ),
      {
        problems: problems as unknown as Json,
      },
    );
  }
}

/** The parsed value, or InputInvalid with every problem. */
export function checked<T>(schema: z.ZodType<T>, value: unknown, field: string): T {
  const result = schema.safeParse(value);
  if (!result.success)
    throw new InputInvalid(`Invalid ${field}`, problemsOf(result.error, [field]));
  return result.data;
}

/** Name of a project, cluster, blueprint or assignment (RFC 1123 label). */
export const nameSchema = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, {
    error:
      'must be lower-case letters, digits and "-", with a letter or digit at both ends, at most 63',
  });
