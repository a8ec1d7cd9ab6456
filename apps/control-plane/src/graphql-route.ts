import { DomainError } from '@picket/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { type Actor, NotAuthenticated } from './access/actor.ts';
import type { Origin } from './audit/attempt.ts';
import { formatGraphqlErrors } from './platform/graphql-errors.ts';
import { RateLimited } from './platform/rate-limits.ts';
import type { Services } from './services.ts';

/** Queries come by POST alone: what stands in a URL ends in logs and caches of others. */
class PostOnly extends DomainError {
  readonly code = 'METHOD_NOT_ALLOWED';
  readonly kind = 'invalid';
}

/** Mercurius would take a syntax tree for a query, past the limits of the parser. */
class QueryNotText extends DomainError {
  readonly code = 'QUERY_NOT_TEXT';
  readonly kind = 'invalid';
}

// No GraphQL document starts like a JSON value.
const JSON_START = /^\s*(["[\d-]|\{\s*["}]|null|true|false)/;

const actors = new WeakMap<FastifyRequest, Actor>();

/** Who sends the request; set before its body is read. */
export function actorOf(request: FastifyRequest): Actor | undefined {
  return actors.get(request);
}

export function originOf({ ip, id }: FastifyRequest): Origin {
  return { address: ip, requestId: id };
}

/**
 * What a request meets before GraphQL does: nobody without a token gets so far that a body is read or a query is parsed, introspection
 * included. After that the AccessGuard decides on each operation.
 */
export function graphqlRoute({
  authenticator,
  rateLimits,
  signIns,
  refusals,
  logger,
}: Pick<Services, 'authenticator' | 'rateLimits' | 'signIns' | 'refusals' | 'logger'>): object {
  const refuse = (reply: FastifyReply, status: number, error: DomainError): FastifyReply =>
    reply.code(status).send({ data: null, errors: formatGraphqlErrors(error, logger) });
  return {
    async preParsing(request: FastifyRequest, reply: FastifyReply) {
      reply.header('x-request-id', request.id);
      if (request.method !== 'POST')
        return refuse(reply, 405, new PostOnly('Send queries by POST'));
      const outcome = await authenticator.find(request.headers.authorization, Date.now());
      const isRefused = outcome instanceof DomainError;
      if (isRefused && request.headers.authorization !== undefined)
        void refusals.noteNobody('signIn', outcome.code, originOf(request));
      try {
        await (isRefused
          ? rateLimits.countFailure(request.ip)
          : rateLimits.count(outcome.caller.id));
      } catch (error) {
        if (!(error instanceof RateLimited)) throw error;
        reply.header('retry-after', String(error.retryAfterS));
        return refuse(reply, 429, error);
      }
      if (isRefused) return refuse(reply, outcome instanceof NotAuthenticated ? 401 : 403, outcome);
      signIns.note(outcome, originOf(request), Date.now());
      actors.set(request, outcome);
      return undefined;
    },
    async preHandler(request: FastifyRequest, reply: FastifyReply) {
      const { query } = (request.body ?? {}) as { query?: unknown };
      if (typeof query === 'string' && JSON_START.test(query))
        return refuse(reply, 400, new QueryNotText('query: a GraphQL document is allowed'));
      return undefined;
    },
    /** Fastify closes the connection of a body that is too large, and its sender may never see why. Left open, Node throws the rest away. */
    onSend(
      _request: FastifyRequest,
      reply: FastifyReply,
      payload: unknown,
      done: (error: null, payload: unknown) => void,
    ): void {
      if (reply.statusCode === 413) reply.removeHeader('connection');
      done(null, payload);
    },
  };
}
