import type { ServerResponse } from 'node:http';

import { ApiRefusal, type ApiObject } from './api-object.ts';
import { groupVersion, qualifiedName, type Resource } from './resource.ts';
import type { Store, StoredEvent } from './store.ts';

interface Watch {
  readonly resource: Resource;
  readonly query: URLSearchParams;
  readonly matches: (object: ApiObject) => boolean;
}

/** A client that does not read is cut off at this; it comes back and lists again. */
const BUFFER_LIMIT_BYTES = 16 * 1024 * 1024;

/** Streams changes, one JSON line each, until the client or its timeout ends it. */
export function watch(
  store: Store,
  { resource, query, matches }: Watch,
  response: ServerResponse,
): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  const send = (type: string, object: object): void => {
    response.write(`${JSON.stringify({ type, object })}\n`);
    if (response.writableLength > BUFFER_LIMIT_BYTES) response.destroy();
  };
  const name = qualifiedName(resource);
  const bookmark = (annotations?: object): void =>
    send('BOOKMARK', {
      kind: resource.kind,
      apiVersion: groupVersion(resource),
      metadata: { resourceVersion: `${store.version}`, ...(annotations && { annotations }) },
    });
  const pass = ({ type, resource: changed, object, before }: StoredEvent): void => {
    if (changed !== name) return;
    const was = before !== undefined && matches(before);
    const is = type !== 'DELETED' && matches(object);
    if (is) send(was ? 'MODIFIED' : 'ADDED', object);
    else if (was) send('DELETED', object);
  };

  const from = Number(query.get('resourceVersion') ?? 0);
  let unfollow = (): void => undefined;
  try {
    if (!Number.isInteger(from))
      throw new ApiRefusal(400, 'BadRequest', 'invalid resource version');
    const isFresh = from === 0 || query.get('sendInitialEvents') === 'true';
    if (isFresh)
      for (const [, object] of store.list(name)) if (matches(object)) send('ADDED', object);
    if (query.get('sendInitialEvents') === 'true')
      bookmark({ 'k8s.io/initial-events-end': 'true' });
    unfollow = store.follow(isFresh ? store.version : from, pass);
  } catch (error) {
    if (!(error instanceof ApiRefusal)) throw error;
    send('ERROR', error.status());
    response.end();
    return;
  }
  const hasBookmarks = query.get('allowWatchBookmarks') === 'true';
  const ticker = hasBookmarks ? setInterval(bookmark, 60_000) : undefined;
  const seconds = Number(query.get('timeoutSeconds') ?? 1800) || 1800;
  const timeout = setTimeout(
    () => {
      if (hasBookmarks) bookmark();
      response.end();
    },
    Math.min(seconds, 86_400) * 1000,
  );
  response.on('close', () => {
    unfollow();
    clearInterval(ticker);
    clearTimeout(timeout);
  });
}
