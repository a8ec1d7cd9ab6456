import { DomainError } from '@picket/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { type Actor, NotAuthenticated } from './access/actor.ts';
import type { Origin } from './audit/attempt.ts';
import { formatGraphqlErrors } from './platform/graphql-errors.ts';
import type { Logger } from './platform/logger.ts';
import { RateLimited } from './platform/rate-limits.ts';
import type { Services } from './services.ts';

export type Admission = Pick<
  Services,
  'authenticator' | 'rateLimits' | 'signIns' | 'refusals' | 'logger'
>;

export function originOf({ ip, id }: FastifyRequest): Origin {
  return { address: ip, requestId: id };
}

/** Who sends the request, within their limits; undefined when it has been refused already. */
export async function admit(
  { authenticator, rateLimits, signIns, refusals, logger }: Admission,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Actor | undefined> {
  reply.header('x-request-id', request.id);
  const outcome = await authenticator.find(request.headers.authorization, Date.now());
  const isRefused = outcome instanceof DomainError;
  if (isRefused && request.headers.authorization !== undefined)
    void refusals.noteNobody('signIn', outcome.code, originOf(request));
  try {
    await (isRefused ? rateLimits.countFailure(request.ip) : rateLimits.count(outcome.caller.id));
  } catch (error) {
    if (!(error instanceof RateLimited)) throw error;
    reply.header('retry-after', String(error.retryAfterS));
    await refuse(reply, 429, error, logger);
    return undefined;
  }
  if (isRefused) {
    await refuse(reply, outcome instanceof NotAuthenticated ? 401 : 403, outcome, logger);
    return undefined;
  }
  signIns.note(outcome, originOf(request), Date.now());
  return outcome;
}

export function refuse(
  reply: FastifyReply,
  status: number,
  error: DomainError,
  logger: Logger,
): FastifyReply {
  return reply.code(status).send({ data: null, errors: formatGraphqlErrors(error, logger) });
}
