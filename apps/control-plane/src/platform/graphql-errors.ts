import { randomUUID } from 'node:crypto';

import { Catch, type ExceptionFilter } from '@nestjs/common';
import { DomainError } from '@picket/kernel';

import type { Logger } from './logger.ts';

interface GraphqlError {
  readonly message: string;
  readonly originalError?: unknown;
  readonly locations?: unknown;
  readonly path?: unknown;
  readonly extensions?: Record<string, unknown>;
}

/** What Mercurius found wrong with a request comes as one error that holds the single ones. */
export function formatGraphqlErrors(error: object, logger: Logger): object[] {
  const inner = (error as { errors?: readonly GraphqlError[] }).errors;
  return (inner ?? [error as GraphqlError]).map((single) => formatGraphqlError(single, logger));
}

/**
 * The one way out for errors of the GraphQL API: a refusal with its code, a client's mistake as it is, anything else as INTERNAL with
 * a trace id under which the whole error is in the log.
 */
function formatGraphqlError(error: GraphqlError, logger: Logger): object {
  const { locations, path } = error;
  const original = innermost(error);
  const place = {
    ...(locations !== undefined && { locations }),
    ...(path !== undefined && { path }),
  };
  if (original instanceof DomainError) {
    const { code, kind, details, message } = original;
    return { message, ...place, extensions: { code, kind, details } };
  }
  if (original === undefined || isClientMistake(original))
    return {
      message: error.message,
      ...place,
      extensions: { code: 'BAD_REQUEST', kind: 'invalid' },
    };
  const traceId = randomUUID();
  logger.error(
    {
      traceId,
      error:
        original instanceof Error ? (original.stack ?? original.message) : JSON.stringify(original),
    },
    'a request failed',
  );
  return {
    message: 'Something went wrong inside the hub',
    ...place,
    extensions: { code: 'INTERNAL', kind: 'internal', traceId },
  };
}

function innermost(error: unknown): unknown {
  const inner = (error as { originalError?: unknown }).originalError;
  if (inner !== undefined) return innermost(inner);
  return isGraphqlError(error) ? undefined : error;
}

function isGraphqlError(error: unknown): boolean {
  return error instanceof Error && error.constructor.name === 'GraphQLError';
}

/** Errors of Mercurius that speak of the request: syntax, validation, depth, persisted queries. */
function isClientMistake(error: unknown): boolean {
  const status = (error as { statusCode?: number }).statusCode;
  return status !== undefined && status >= 400 && status < 500;
}

/** Without it Nest logs each refused request with a stack at error level. */
@Catch(DomainError)
export class DomainErrorFilter implements ExceptionFilter {
  catch(error: DomainError): DomainError {
    return error;
  }
}
