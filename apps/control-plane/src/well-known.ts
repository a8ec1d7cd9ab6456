import type { FastifyInstance } from 'fastify';

import type { Config } from './config/config.ts';

/**
 * `GET /.well-known/picket`: how people sign in here, for whoever has no token yet. `oidc` is null where `picket login` has no client to
 * do it as; a client id of the device flow is no secret (RFC 8628, 5.6).
 */
export function wellKnownRoute(app: FastifyInstance, config: Config): void {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_SCOPES: scopes } = config;
  const oidc = issuer && clientId ? { issuer, clientId, scopes: scopes.split(/\s+/) } : null;
  app.get('/.well-known/picket', (_request, reply) =>
    reply.header('cache-control', 'public, max-age=300').send({ oidc }),
  );
}
