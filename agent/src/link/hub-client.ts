import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import { promisify } from 'node:util';
import { gunzip, gzipSync } from 'node:zlib';

import {
  EnrolResponse,
  PATHS,
  PROTOCOL_VERSION,
  Refusal,
  SyncResponse,
  TokenResponse,
  type FactsReport,
  type StatusReport,
  type SyncRequest,
} from '@picket/agent-protocol';
import { EnvHttpProxyAgent, fetch } from 'undici';
import type { z } from 'zod';

import type { Identity } from './identity.ts';

const unzip = promisify(gunzip);

/** The hub answered, and said no. */
export class HubRefused extends Error {
  readonly status: number;
  readonly code: string;
  readonly hubTimeMs: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(status: number, { code, message, hubTimeMs }: Refusal, retryAfterMs?: number) {
    super(`${code}: ${message}`);
    this.status = status;
    this.code = code;
    this.hubTimeMs = hubTimeMs;
    this.retryAfterMs = retryAfterMs;
  }
}

const TIMEOUT_MS = 20_000;
const SET_TIMEOUT_MS = 60_000;
/** The hub says something every 25 s on a stream: silence for longer means that nobody is there, whatever the socket says. */
const SILENCE_MS = 65_000;
/** Largest policy set that is taken, decompressed. */
const SET_BYTES_MAX = 64 * 1_048_576;
const ANSWER_BYTES_MAX = 1_048_576;
const GZIP_FROM_BYTES = 1_024;

export interface HubClientOptions {
  readonly hubUrl: string;
  readonly identity: Identity;
  /** PEM of a CA besides the system's. */
  readonly caFile?: string | undefined;
  readonly nowMs: () => number;
  /** After how much silence a stream or a download counts as broken. */
  readonly silenceMs?: number;
}

/** Speaks agent-protocol over outbound HTTPS; honours HTTPS_PROXY and NO_PROXY. Keeps the access token and the difference of the clocks. */
export class HubClient {
  readonly #hubUrl: string;
  readonly #identity: Identity;
  readonly #dispatcher: EnvHttpProxyAgent;
  readonly #now: () => number;
  #token: { text: string; untilMs: number } | undefined;
  #offsetMs = 0;

  private constructor(
    { hubUrl, identity, nowMs, silenceMs = SILENCE_MS }: HubClientOptions,
    caPem: string | undefined,
  ) {
    this.#hubUrl = hubUrl.replace(/\/$/, '');
    this.#identity = identity;
    this.#now = nowMs;
    // Node takes `ca` instead of its own list, and a proxy may have a certificate of the public kind.
    const tls = caPem === undefined ? {} : { ca: [...getCACertificates('default'), caPem] };
    this.#dispatcher = new EnvHttpProxyAgent({
      keepAliveTimeout: 4_000,
      connections: 2,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: silenceMs,
      connect: tls,
      requestTls: tls,
      proxyTls: tls,
    });
  }

  static async create(options: HubClientOptions): Promise<HubClient> {
    return new HubClient(
      options,
      options.caFile ? await readFile(options.caFile, 'utf8') : undefined,
    );
  }

  /** The time by the hub's clock, as far as it is known. */
  nowMs(): number {
    return this.#now() + this.#offsetMs;
  }

  enrol(joinToken: string, agentVersion: string): Promise<EnrolResponse> {
    const { publicKey } = this.#identity;
    this.#token = undefined;
    const body = {
      protocol: PROTOCOL_VERSION,
      joinToken,
      publicKey,
      proof: this.#identity.proofFor(joinToken),
      agentVersion,
    };
    return this.#post(PATHS.enrol, body, EnrolResponse, undefined);
  }

  async sync(request: SyncRequest): Promise<SyncResponse> {
    const response = await this.#authorized((token) =>
      this.#post(PATHS.sync, request, SyncResponse, token),
    );
    this.#offsetMs = response.hubTimeMs - this.#now();
    return response;
  }

  async reportStatus(report: StatusReport): Promise<void> {
    await this.#authorized((token) => this.#post(PATHS.status, report, undefined, token));
  }

  async reportFacts(report: FactsReport): Promise<void> {
    await this.#authorized((token) => this.#post(PATHS.facts, report, undefined, token));
  }

  /** The text of a policy set. The caller checks its digest. */
  policySet(digest: string): Promise<string> {
    return this.#authorized(async (token) => {
      const signal = AbortSignal.timeout(SET_TIMEOUT_MS);
      const response = await this.#request(
        'GET',
        PATHS.policySet(digest),
        undefined,
        token,
        signal,
      );
      return textOf(response, SET_BYTES_MAX);
    });
  }

  /** Opens the stream of events; it ends when the hub goes, or with `signal`. */
  async stream(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const response = await this.#authorized((token) =>
      this.#request('GET', PATHS.stream, undefined, token, signal),
    );
    if (!response.body) throw new Error('The stream has no body');
    return response.body as AsyncIterable<Uint8Array>;
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  /** With an access token; gets a new one when the old is over, and mends a wrong clock. */
  async #authorized<T>(work: (token: string) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++)
      try {
        return await work(await this.#accessToken());
      } catch (error) {
        if (!(error instanceof HubRefused) || attempt > 1) throw error;
        if (error.code === 'CLOCK_SKEW' && error.hubTimeMs !== undefined)
          this.#offsetMs = error.hubTimeMs - this.#now();
        else if (error.status === 401) this.#token = undefined;
        else throw error;
      }
  }

  async #accessToken(): Promise<string> {
    if (this.#token && this.#token.untilMs > this.#now()) return this.#token.text;
    const assertion = this.#identity.assertion(this.nowMs());
    const { accessToken, expiresIn } = await this.#post(
      PATHS.token,
      { assertion },
      TokenResponse,
      undefined,
    );
    this.#token = { text: accessToken, untilMs: this.#now() + expiresIn * 900 };
    return accessToken;
  }

  async #post<T>(
    path: string,
    body: object,
    answer: z.ZodType<T> | undefined,
    token: string | undefined,
  ): Promise<T> {
    const response = await this.#request(
      'POST',
      path,
      JSON.stringify(body),
      token,
      AbortSignal.timeout(TIMEOUT_MS),
    );
    const answered = await textOf(response, ANSWER_BYTES_MAX);
    return answer ? answer.parse(JSON.parse(answered)) : (undefined as T);
  }

  async #request(
    method: string,
    path: string,
    text: string | undefined,
    token: string | undefined,
    signal: AbortSignal,
  ): Promise<Awaited<ReturnType<typeof fetch>>> {
    const isLarge = text !== undefined && text.length > GZIP_FROM_BYTES;
    const response = await fetch(`${this.#hubUrl}${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(text !== undefined && { 'content-type': 'application/json' }),
        ...(isLarge && { 'content-encoding': 'gzip' }),
      },
      ...(text !== undefined && { body: isLarge ? gzipSync(text) : text }),
      dispatcher: this.#dispatcher,
      signal,
      redirect: 'error',
    });
    if (response.ok) return response;
    const retryAfterS = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
    const body = await textOf(response, ANSWER_BYTES_MAX);
    throw new HubRefused(
      response.status,
      refusalOf(response.status, body),
      retryAfterS > 0 ? retryAfterS * 1_000 : undefined,
    );
  }
}

/** The text of a policy set that came with its grant. Undefined when it is not gzip, or larger than it may be: it can still be fetched. */
export async function inlineSet(set: string): Promise<string | undefined> {
  try {
    const bytes = await unzip(Buffer.from(set, 'base64'), { maxOutputLength: SET_BYTES_MAX });
    return bytes.toString('utf8');
  } catch {
    return undefined;
  }
}

/** The body of an answer, decompressed; throws when it is larger than it may be. */
async function textOf(
  { body }: Awaited<ReturnType<typeof fetch>>,
  maxBytes: number,
): Promise<string> {
  let text = '';
  let size = 0;
  const decoder = new TextDecoder();
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`The hub's answer is larger than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Something between agent and hub may answer in its own words. */
function refusalOf(status: number, body: string): Refusal {
  try {
    return Refusal.parse(JSON.parse(body));
  } catch {
    return { code: 'UNKNOWN', message: `HTTP ${status}: ${body.slice(0, 200)}` };
  }
}
