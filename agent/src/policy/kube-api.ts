import type { RequestOptions } from 'node:https';

import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, fetch } from 'undici';

/** The API server answered with a Status that is not success. Its message is the API server's own words. */
export class KubeRefused extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** Who set which fields (KEP-555). */
export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

/** A Kubernetes object, as far as the agent looks at it. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly managedFields?: readonly ManagedFields[];
  };
  readonly spec?: unknown;
  readonly [field: string]: unknown;
}

const TIMEOUT_MS = 30_000;
/** An object has at most 1.5 MiB in etcd; a watch event is one line. */
const LINE_CHARS_MAX = 16 * 1_048_576;
export const FIELD_MANAGER = 'picket-agent';

/**
 * The few calls to the API server that the agent makes, on raw paths: policy kinds are just objects, and the generated client would cost more
 * memory than the agent has. Credentials come from @kubernetes/client-node's KubeConfig, which also renews those of a service account.
 */
export class KubeApi {
  readonly #config: KubeConfig;
  readonly #server: string;
  #dispatcher: Agent | undefined;

  constructor(config: KubeConfig) {
    const cluster = config.getCurrentCluster();
    if (!cluster) throw new Error('The kubeconfig names no cluster');
    this.#config = config;
    this.#server = cluster.server.replace(/\/$/, '');
  }

  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return (await this.#call('GET', path, undefined, undefined, signal)) as T;
  }

  /** Undefined when it does not exist. */
  find<T>(path: string): Promise<T | undefined> {
    return this.get<T>(path).catch((error: unknown) => {
      if (error instanceof KubeRefused && error.status === 404) return undefined;
      throw error;
    });
  }

  /** Server-side apply (KEP-555). `force` takes fields over from other managers. */
  async apply(
    path: string,
    object: object,
    options: { force: boolean; dryRun?: boolean },
  ): Promise<KubeObject> {
    const query = new URLSearchParams({
      fieldManager: FIELD_MANAGER,
      force: String(options.force),
      ...(options.dryRun && { dryRun: 'All' }),
    });
    // JSON is YAML, and some servers take only this media type.
    return (await this.#call(
      'PATCH',
      `${path}?${query.toString()}`,
      JSON.stringify(object),
      'application/apply-patch+yaml',
    )) as KubeObject;
  }

  async create(path: string, object: object, { dryRun = false } = {}): Promise<KubeObject> {
    const query = dryRun ? '?dryRun=All' : '';
    return (await this.#call('POST', `${path}${query}`, JSON.stringify(object))) as KubeObject;
  }

  /** JSON patch (RFC 6902), by the field manager of {@link apply}. */
  async patch(path: string, operations: readonly object[]): Promise<KubeObject> {
    return (await this.#call(
      'PATCH',
      `${path}?fieldManager=${FIELD_MANAGER}`,
      JSON.stringify(operations),
      'application/json-patch+json',
    )) as KubeObject;
  }

  /** JSON merge patch (RFC 7386). */
  async merge(path: string, change: object): Promise<KubeObject> {
    return (await this.#call(
      'PATCH',
      path,
      JSON.stringify(change),
      'application/merge-patch+json',
    )) as KubeObject;
  }

  async update(path: string, object: object): Promise<KubeObject> {
    return (await this.#call('PUT', path, JSON.stringify(object))) as KubeObject;
  }

  /** What is gone already counts as deleted. With `uid`, only that very object. */
  async delete(path: string, uid?: string): Promise<void> {
    const body = uid === undefined ? undefined : JSON.stringify({ preconditions: { uid } });
    await this.#call('DELETE', path, body).catch((error: unknown) => {
      if (!(error instanceof KubeRefused) || error.status !== 404) throw error;
    });
  }

  /** The lines of a watch until the server ends it or `signal` fires. */
  async *watch(
    path: string,
    signal: AbortSignal,
  ): AsyncGenerator<{ type: string; object: KubeObject }> {
    const response = await this.#fetch('GET', path, undefined, undefined, signal);
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of response.body ?? []) {
      const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LINE_CHARS_MAX)
        throw new Error(`A watch event is longer than ${LINE_CHARS_MAX} characters`);
      for (const line of lines)
        if (line.trim() !== '') yield JSON.parse(line) as { type: string; object: KubeObject };
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher?.destroy();
  }

  async #call(
    method: string,
    path: string,
    body?: string,
    type?: string,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
    const response = await this.#fetch(method, path, body, type, either);
    return response.json();
  }

  async #fetch(
    method: string,
    path: string,
    body: string | undefined,
    type: string | undefined,
    signal: AbortSignal,
  ): Promise<Awaited<ReturnType<typeof fetch>>> {
    const auth: RequestOptions = { headers: {} };
    await this.#config.applyToHTTPSOptions(auth);
    const { ca, cert, key, rejectUnauthorized } = auth;
    this.#dispatcher ??= new Agent({
      keepAliveTimeout: 30_000,
      // One per watch and a few for calls.
      connections: 32,
      bodyTimeout: 0,
      connect: {
        ...(ca && { ca: ca as Buffer }),
        ...(cert && { cert: cert as Buffer }),
        ...(key && { key: key as Buffer }),
        rejectUnauthorized: rejectUnauthorized !== false,
      },
    });
    const response = await fetch(`${this.#server}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        ...(auth.headers as Record<string, string>),
        ...(body !== undefined && { 'content-type': type ?? 'application/json' }),
      },
      ...(body !== undefined && { body }),
      dispatcher: this.#dispatcher,
      signal,
    });
    if (response.ok) return response;
    const text = await response.text();
    throw refused(response.status, text);
  }
}

function refused(status: number, text: string): KubeRefused {
  try {
    const { reason, message } = JSON.parse(text) as { reason?: string; message?: string };
    return new KubeRefused(status, reason ?? 'Unknown', message ?? text.slice(0, 2_000));
  } catch {
    return new KubeRefused(status, 'Unknown', text.slice(0, 2_000) || `HTTP ${status}`);
  }
}
