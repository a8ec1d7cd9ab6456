import { Readable } from 'node:stream';

import { DomainError } from '@picket/kernel';
import type { FastifyInstance } from 'fastify';

import { admit, refuse } from './admit.ts';
import type { Services } from './services.ts';

const STATUS = { invalid: 400, forbidden: 403, notFound: 404, conflict: 409, unavailable: 503 };

/**
 * `GET /audit/export?after=SEQUENCE`: the sealed log as JSON lines. It is read a page at a time, as fast as the client takes it, and ends
 * when the client goes.
 */
export function exportRoute(app: FastifyInstance, services: Services): void {
  app.get('/audit/export', async (request, reply) => {
    const actor = await admit(services, request, reply);
    if (!actor) return reply;
    try {
      const { after } = request.query as { after?: unknown };
      const lines = services.auditLog.export(actor, after);
      return await reply
        .type('application/x-ndjson')
        .send(Readable.from(lines, { highWaterMark: 16 }));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return refuse(reply, STATUS[error.kind], error, services.logger);
    }
  });
}
