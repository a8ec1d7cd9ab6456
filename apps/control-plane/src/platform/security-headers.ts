import type { FastifyInstance } from 'fastify';

/** Answers are data: nothing of them may be framed, sniffed, stored or linked from. */
const HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};
const HSTS = { 'strict-transport-security': 'max-age=31536000' };

/** Sets them on every answer but the agents', which no browser asks for; a route may set its own after that. */
export function securityHeaders(app: FastifyInstance, isTls: boolean): void {
  const headers = { ...HEADERS, ...(isTls && HSTS) };
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.url.startsWith('/agent/')) reply.headers(headers);
    done();
  });
}
