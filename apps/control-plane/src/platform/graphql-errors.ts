import { randomUUID } from 'node:crypto';

import { Catch, type ExceptionFilter } from '@nestjs/common';
import { DomainError } from '@picket/kernel';

import type { Logger } from './logger.ts';

/** More errors than anybody reads. */
const ERRORS_MAX = 100;
/** A message repeats what was sent; beyond this it repeats no more (characters). */
const MESSAGE_MAX = 2_000;

interface GraphqlError {
  readonly message: string;
  readonly originalError?: unknown;
  readonly locations?: unknown;
  readonly path?: unknown;
  readonly extensions?: Record<string, unknown>;
}

/** Clients look at errors, not at the status, which is for proxies: 200 says that the request itself was understood. */
export function statusOfErrors(errors: readonly object[]): number {
  return errors.some((error) => isTooLarge(innermost(error))) ? 413 : 200;
}

/** What Mercurius found wrong with a request comes as one error that holds the single ones, itself held by another. */
export function formatGraphqlErrors(error: object, logger: Logger): object[] {
  const { errors, originalError } = error as {
    errors?: readonly GraphqlError[];
    originalError?: { errors?: readonly GraphqlError[] };
  };
  const singles = errors ?? originalError?.errors ?? [error as GraphqlError];
  return singles.slice(0, ERRORS_MAX).map((single) => formatGraphqlError(single, logger));
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
    return {
      message: message.slice(0, MESSAGE_MAX),
      ...place,
      extensions: { code, kind, details },
    };
  }
  if (isTooLarge(original))
    return { message: error.message, extensions: { code: 'TOO_LARGE', kind: 'invalid' } };
  if (isNoUuid(original))
    return {
      message: original.message.slice(0, MESSAGE_MAX),
      ...place,
      extensions: { code: 'ID_INVALID', kind: 'invalid' },
    };
  if (isNoText(original))
    return {
      message: 'A text holds a NUL character or half of a surrogate pair',
      ...place,
      extensions: { code: 'TEXT_INVALID', kind: 'invalid' },
    };
  if (original === undefined || isClientMistake(original))
    return {
      message: error.message.slice(0, MESSAGE_MAX),
      ...place,
      extensions: { code: 'BAD_REQUEST', kind: 'invalid' },
    };
  if (isUnavailable(original)) {
    logger.warn({ error: wordsOf(original) }, 'the database is unreachable');
    return {
      message: 'The hub’s database is unreachable; try again in a moment',
      ...place,
      extensions: { code: 'UNAVAILABLE', kind: 'unavailable' },
    };
  }
  const traceId = randomUUID();
  logger.error(
    { traceId, error: original instanceof Error ? original.stack : wordsOf(original) },
    'a request failed',
  );
  return {
    message: 'Something went wrong inside the hub',
    ...place,
    extensions: { code: 'INTERNAL', kind: 'internal', traceId },
  };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : JSON.stringify(error);
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

function isTooLarge(error: unknown): boolean {
  return (error as { statusCode?: number } | undefined)?.statusCode === 413;
}

/** Not the request is to blame: Node's socket errors, classes 08 and 57 of PostgreSQL (its timeout too), and pg's own words. */
function isUnavailable(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string };
  return (
    /^(ECONN|EPIPE|ETIMEDOUT|08|57P|57014$)/.test(code) ||
    /Connection terminated|timeout exceeded when trying to connect/.test(message)
  );
}

/** PostgreSQL's invalid_text_representation. */
function isNoUuid(error: unknown): error is Error {
  const { code, message = '' } = (error ?? {}) as { code?: string; message?: string };
  return code === '22P02' && message.includes('uuid');
}

/** Its character_not_in_repertoire and untranslatable_character: names and the like reach it as they came. */
function isNoText(error: unknown): boolean {
  return ['22021', '22P05'].includes((error as { code?: string } | undefined)?.code ?? '');
}

/** The code of a refusal; undefined when something broke. */
export function refusalCode(error: unknown): string | undefined {
  if (error instanceof DomainError) return error.kind === 'unavailable' ? undefined : error.code;
  if (isNoUuid(error)) return 'ID_INVALID';
  return isNoText(error) ? 'TEXT_INVALID' : undefined;
}

/** Without it Nest logs each refused request with a stack at error level. */
@Catch(DomainError)
export class DomainErrorFilter implements ExceptionFilter {
  catch(error: DomainError): DomainError {
    return error;
  }
}
