import type { Duplex } from 'node:stream';

import {
  type DocumentNode,
  execute,
  getOperationAST,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  parse,
  specifiedRules,
  subscribe,
  validate,
  type ValidationRule,
} from 'graphql';
import { DomainError } from '@picket/kernel';
import { useServer } from 'graphql-ws/use/ws';
import type { FastifyInstance } from 'fastify';
import { WebSocketServer } from 'ws';

import type { Actor } from './access/actor.ts';
import type { LiveContext } from './clusters/live-clusters.ts';
import { formatGraphqlErrors } from './platform/graphql-errors.ts';
import { RateLimited } from './platform/rate-limits.ts';
import type { Services } from './services.ts';

const MESSAGE_BYTES_MAX = 64 * 1_024;
const QUERY_TOKENS_MAX = 2_000;
/** Of one process. */
const CONNECTIONS_MAX = 1_000;
/** Of one connection. */
const SUBSCRIPTIONS_MAX = 20;
/** Who has not said who they are by then is cut off (ms). */
const INIT_MS = 5_000;
/** A reader that takes nothing for so long is cut off (ms); the library pings that often. */
const SILENT_MS = 12_000;

type Params = { readonly authorization?: unknown };

/**
 * Subscriptions, by `graphql-transport-ws` on a WebSocket. The token comes in the first message (`{"authorization": "Bearer …"}`), because
 * browsers can set no header there. Queries and mutations go by POST alone. Returns how it is closed.
 */
export function liveRoute(
  app: FastifyInstance,
  schema: GraphQLSchema,
  rules: readonly ValidationRule[],
  { authenticator, rateLimits, signIns, refusals, logger }: Services,
): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES_MAX });
  app.server.on('upgrade', (request, socket, head) => {
    // Node has taken its own listeners away: without one, a peer that is gone would end the process.
    socket.on('error', () => socket.destroy());
    if (request.url?.split('?')[0] !== '/graphql') return turnAway(socket, '404 Not Found');
    if (sockets.clients.size >= CONNECTIONS_MAX) return turnAway(socket, '503 Service Unavailable');
    sockets.handleUpgrade(request, socket, head, (opened) => {
      opened.on('error', () => opened.terminate());
      sockets.emit('connection', opened, request);
    });
  });

  const find = (params: Params | undefined): Promise<Actor | DomainError> => {
    const header = params?.authorization;
    return authenticator.find(typeof header === 'string' ? header : undefined, Date.now());
  };
  const actorOf = async (params: Params | undefined): Promise<Actor | undefined> => {
    const found = await find(params);
    return found instanceof DomainError ? undefined : found;
  };
  /** As the POST route tells them: with code and kind, and nothing of what broke inside. */
  const formatted = (errors: readonly Error[]): GraphQLFormattedError[] =>
    errors.flatMap((error) => formatGraphqlErrors(error, logger) as GraphQLFormattedError[]);
  const told = (errors: readonly Error[]): GraphQLError[] =>
    formatted(errors).map(({ message, extensions }) => new GraphQLError(message, { extensions }));

  const server = useServer<Params>(
    {
      connectionInitWaitTimeout: INIT_MS,
      execute: (args) => execute(args),
      async onConnect({ connectionParams, extra }) {
        const found = await find(connectionParams);
        const address = extra.request.socket.remoteAddress ?? '';
        const origin = { address, requestId: null };
        try {
          if (found instanceof DomainError) {
            void refusals.noteNobody('signIn', found.code, origin);
            await rateLimits.countFailure(address);
            return false;
          }
          await rateLimits.count(found.caller.id);
        } catch (error) {
          if (error instanceof RateLimited) return false;
          throw error;
        }
        signIns.note(found, origin, Date.now());
        return true;
      },
      async onSubscribe({ connectionParams, subscriptions }, _id, payload) {
        const { query, variables, operationName } = payload;
        const actor = await actorOf(connectionParams);
        const document = parsed(query);
        if (document instanceof GraphQLError) return told([document]);
        const faults = [
          ...validate(schema, document, [...specifiedRules, ...rules]),
          ...(getOperationAST(document, operationName)?.operation === 'subscription'
            ? []
            : [new GraphQLError('Only a subscription is answered here; the rest goes by POST')]),
          ...(Object.keys(subscriptions).length > SUBSCRIPTIONS_MAX
            ? [new GraphQLError(`At most ${SUBSCRIPTIONS_MAX} subscriptions are open at once`)]
            : []),
        ];
        if (faults.length > 0) return told(faults);
        const contextValue: LiveContext = { actor, again: () => actorOf(connectionParams) };
        return { schema, document, variableValues: variables, operationName, contextValue };
      },
      subscribe: (args) => subscribe(args),
      onNext: (_context, _id, _payload, _args, { data = null, errors }) => ({
        data,
        ...(errors && { errors: formatted(errors) }),
      }),
    },
    sockets,
    SILENT_MS,
  );
  return async () => {
    await server.dispose();
    sockets.close();
  };
}

/** Answers, and waits for nobody to close: these sockets have no timeout any more. */
function turnAway(socket: Duplex, status: string): void {
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function parsed(query: unknown): DocumentNode | GraphQLError {
  if (typeof query !== 'string') return new GraphQLError('query: a GraphQL document is allowed');
  try {
    return parse(query, { maxTokens: QUERY_TOKENS_MAX });
  } catch (error) {
    return error as GraphQLError;
  }
}
