import { DomainError } from '@picket/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { Actor } from './access/actor.ts';
import { admit, type Admission, refuse } from './admit.ts';

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

/**
 * What a request meets before GraphQL does: nobody without a token gets so far that a body is read or a query is parsed, introspection
 * included. After that the AccessGuard decides on each operation.
 */
export function graphqlRoute(admission: Admission): object {
  const { logger } = admission;
  return {
    async preParsing(request: FastifyRequest, reply: FastifyReply) {
      if (request.method !== 'POST')
        return refuse(reply, 405, new PostOnly('Send queries by POST'), logger);
      const actor = await admit(admission, request, reply);
      if (!actor) return reply;
      actors.set(request, actor);
      return undefined;
    },
    async preHandler(request: FastifyRequest, reply: FastifyReply) {
      const { query } = (request.body ?? {}) as { query?: unknown };
      if (typeof query === 'string' && JSON_START.test(query))
        return refuse(reply, 400, new QueryNotText('query: a GraphQL document is allowed'), logger);
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
