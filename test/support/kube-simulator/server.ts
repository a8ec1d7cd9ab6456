import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { parse } from 'yaml';

import { ApiRefusal, isRecord, type ApiObject } from './api-object.ts';
import { loopbackCertificate } from './certificate.ts';
import { forbidden, isAllowed, type User } from './authorize.ts';
import { discover, openApiV2, openApiV3 } from './discovery.ts';
import { KubeApi, target } from './kube-api.ts';
import { OPENAPI_PROTOBUF, encodeOpenApi } from './openapi-protobuf.ts';
import { groupVersion, qualifiedName, type Resource } from './resource.ts';
import { selectorOf } from './selector.ts';
import { Store } from './store.ts';
import { tableOf } from './table.ts';
import { watch } from './watch.ts';

export interface SimulatorOptions {
  /** Who asks, by bearer token. */
  readonly users: ReadonlyMap<string, User>;
  readonly version?: string;
  readonly historyLimit?: number;
  readonly port?: number;
}

export interface Simulator {
  readonly url: string;
  /** PEM that its certificate is checked with. */
  readonly ca: string;
  readonly api: KubeApi;
  readonly stop: () => Promise<void>;
}

const BODY_LIMIT_BYTES = 3 * 1024 * 1024;

interface Request {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly user: User;
  readonly body: unknown;
  readonly response: ServerResponse;
}

/** A Kubernetes API server in memory, over TLS on loopback. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const api = new KubeApi(new Store(options.historyLimit ?? 1000), () => new Date());
  const version = options.version ?? 'v1.33.0';
  const certificate = await loopbackCertificate();
  const server = createServer(certificate, (request, response) => {
    void answer(api, version, options.users, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    ca: certificate.cert,
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    api,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  api: KubeApi,
  version: string,
  users: SimulatorOptions['users'],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const url = new URL(request.url ?? '/', 'http://simulator');
    if (/^\/(readyz|livez|healthz)/.test(url.pathname)) return void response.end('ok');
    const user = users.get((request.headers.authorization ?? '').replace(/^Bearer /, ''));
    if (!user) throw new ApiRefusal(401, 'Unauthorized', 'Unauthorized');
    const body = await readBody(request);
    const { method = 'GET', headers } = request;
    if (url.pathname === '/openapi/v2' && headers.accept?.includes(OPENAPI_PROTOBUF)) {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      return void response.end(
        encodeOpenApi({ ...openApiV2(api.resources(), version), kinds: api.resources() }),
      );
    }
    const known = read(api, version, url.pathname);
    if (known && method === 'GET') return send(response, 200, known);
    serve(api, { method, url, headers, user, body, response });
  } catch (error) {
    const refusal =
      error instanceof ApiRefusal ? error : new ApiRefusal(500, 'InternalError', String(error));
    if (response.headersSent) response.destroy();
    else send(response, refusal.code, refusal.status());
  }
}

function read(api: KubeApi, version: string, path: string): object | undefined {
  if (path.startsWith('/openapi/v3')) return openApiV3(path, api.resources(), version);
  if (path === '/openapi/v2') return openApiV2(api.resources(), version);
  return discover(path.replace(/\/$/, ''), api.resources(), version);
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT_BYTES)
      throw new ApiRefusal(
        413,
        'RequestEntityTooLarge',
        `Request entity too large: limit is ${BODY_LIMIT_BYTES}`,
      );
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString();
  if (text === '') return undefined;
  const type = request.headers['content-type'] ?? 'application/json';
  if (type.includes('protobuf'))
    throw new ApiRefusal(415, 'UnsupportedMediaType', '415: Unsupported Media Type');
  try {
    return type.includes('yaml') ? parse(text) : JSON.parse(text);
  } catch (error) {
    throw new ApiRefusal(
      400,
      'BadRequest',
      `the object provided is unrecognized: ${String(error)}`,
    );
  }
}

interface Address {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly sub: string | undefined;
}

/** `/api/v1/…` or `/apis/GROUP/VERSION/…`, then perhaps `namespaces/NS`, then `RESOURCE[/NAME[/SUB]]`. */
function locate(api: KubeApi, path: string): Address | undefined {
  const [root, ...rest] = path.split('/').filter(Boolean).map(decodeURIComponent);
  const at = root === 'api' ? rest.shift() : `${rest.shift()}/${rest.shift()}`;
  const isInNamespace =
    rest[0] === 'namespaces' && rest.length > 2 && !['status', 'finalize'].includes(rest[2] ?? '');
  const namespace = isInNamespace ? rest[1] : undefined;
  const [plural, name, sub] = isInNamespace ? rest.slice(2) : rest;
  const resource = api.resources().find((one) => groupVersion(one) === at && one.plural === plural);
  return resource && { resource, namespace, name, sub };
}

function serve(api: KubeApi, request: Request): void {
  const { method, url, user, response } = request;
  if (url.pathname === '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews')
    return review(api, request);
  const address = locate(api, url.pathname);
  if (!address) {
    response.writeHead(404, { 'content-type': 'text/plain' });
    return void response.end('404 page not found\n');
  }
  const { resource, namespace, name, sub } = address;
  const isWatch = ['true', '1'].includes(url.searchParams.get('watch') ?? '');
  const listVerb = isWatch ? 'watch' : 'list';
  const verbs: Record<string, string> = {
    POST: 'create',
    PUT: 'update',
    PATCH: 'patch',
    DELETE: name ? 'delete' : 'deletecollection',
    GET: name ? 'get' : listVerb,
  };
  const verb = verbs[method] ?? method.toLowerCase();
  const plural = sub ? `${resource.plural}/${sub}` : resource.plural;
  const scope = resource.kind === 'Namespace' && name ? name : namespace;
  const wanted = { verb, group: resource.group, resource: plural, namespace: scope, name };
  if (!isAllowed(api.store, user, wanted)) throw forbidden(user, wanted);

  const selects = selectorOf(url.searchParams);
  const matches = (object: ApiObject): boolean =>
    (namespace === undefined || object.metadata.namespace === namespace) && selects(object);
  if (verb === 'watch')
    return watch(api.store, { resource, query: url.searchParams, matches }, response);
  if (verb === 'list') return send(response, 200, list(api, resource, matches, request));
  if (verb === 'deletecollection') {
    for (const [, { metadata }] of api.store
      .list(qualifiedName(resource))
      .filter(([, object]) => matches(object)))
      api.delete(
        target(resource, metadata.namespace, metadata.name),
        {},
        url.searchParams.has('dryRun'),
      );
    return send(response, 200, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
    });
  }
  write(api, request, address, verb);
}

function write(
  api: KubeApi,
  request: Request,
  { resource, namespace, name }: Address,
  verb: string,
): void {
  const { url, body, response, headers } = request;
  const fields = isRecord(body) ? body : {};
  const metadata = isRecord(fields['metadata']) ? fields['metadata'] : {};
  const given =
    metadata['name'] ??
    (metadata['generateName'] &&
      `${metadata['generateName'] as string}${Math.random().toString(36).slice(2, 7)}`);
  const at = target(resource, namespace, name ?? String((given as string | undefined) ?? ''));
  if (resource.isNamespaced && namespace === undefined)
    throw new ApiRefusal(
      405,
      'MethodNotAllowed',
      'the server does not allow this method on the requested resource',
    );
  const type = /application\/([a-z-]+)\+/.exec(headers['content-type'] ?? '')?.[1] ?? '';
  const agent = (headers['user-agent'] ?? 'unknown').split('/')[0] ?? 'unknown';
  const options = {
    manager: url.searchParams.get('fieldManager') ?? agent,
    isDryRun: url.searchParams.get('dryRun') === 'All',
    force: url.searchParams.get('force') === 'true',
  };
  if (verb === 'get')
    return send(
      response,
      200,
      isTable(request) ? tableOf(resource, [api.get(at)], {}, new Date()) : api.get(at),
    );
  if (verb === 'create') return send(response, 201, api.create(at, body as ApiObject, options));
  if (verb === 'update') return send(response, 200, api.update(at, body as ApiObject, options));
  if (verb === 'delete') {
    const dying = api.delete(at, fields, options.isDryRun);
    if (dying.metadata.deletionTimestamp) return send(response, 200, dying);
    const details = {
      name: at.name,
      group: resource.group,
      kind: resource.plural,
      uid: dying.metadata.uid,
    };
    return send(response, 200, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details,
    });
  }
  if (type !== 'apply-patch') return send(response, 200, api.patch(at, body, type, options));
  if (!url.searchParams.get('fieldManager'))
    throw new ApiRefusal(
      422,
      'Invalid',
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  const isNew = !api.store.find(
    qualifiedName(resource),
    namespace === undefined ? at.name : `${namespace}/${at.name}`,
  );
  send(response, isNew ? 201 : 200, api.apply(at, body as ApiObject, options));
}

function list(
  api: KubeApi,
  resource: Resource,
  matches: (object: ApiObject) => boolean,
  request: Request,
): object {
  const query = request.url.searchParams;
  const limit = Number(query.get('limit') ?? 0);
  const token = query.get('continue');
  const start = token ? Buffer.from(token, 'base64url').toString() : '';
  const found = api.store
    .list(qualifiedName(resource))
    .filter(([key, object]) => key > start && matches(object));
  const page = limit > 0 ? found.slice(0, limit) : found;
  const left = found.length - page.length;
  const last = page.at(-1)?.[0] ?? '';
  const metadata = {
    resourceVersion: `${api.store.version}`,
    ...(left > 0 && {
      continue: Buffer.from(last).toString('base64url'),
      remainingItemCount: left,
    }),
  };
  const items = page.map(([, object]) => object);
  if (isTable(request)) return tableOf(resource, items, metadata, new Date());
  return { kind: `${resource.kind}List`, apiVersion: groupVersion(resource), metadata, items };
}

function isTable({ headers }: Request): boolean {
  return (headers.accept ?? '').includes('as=Table');
}

function review(api: KubeApi, { user, body, response }: Request): void {
  const spec = isRecord(body) && isRecord(body['spec']) ? body['spec'] : {};
  const wanted = (isRecord(spec['resourceAttributes']) ? spec['resourceAttributes'] : {}) as Record<
    string,
    string
  >;
  const { verb = '', group = '', resource = '', namespace, name } = wanted;
  const allowed = isAllowed(api.store, user, {
    verb,
    group,
    resource,
    namespace: namespace || undefined,
    name,
  });
  send(response, 201, {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec,
    status: { allowed },
  });
}

function send(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
