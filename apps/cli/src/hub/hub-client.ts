import { Failure, exitCode } from '../exit-code.ts';
import type { Connection } from './connection.ts';
import { idTokenIn } from './kept-sign-in.ts';
import { reach, reasonOf } from './reach.ts';

/** The text of one GraphQL operation, with the types of its variables and of its result. */
export interface Operation<Result, Variables> {
  readonly text: string;
  /** Never set: it carries the types. */
  readonly types?: (variables: Variables) => Result;
}

export function operation<Result, Variables = Record<string, never>>(
  text: string,
): Operation<Result, Variables> {
  return { text };
}

interface GraphqlError {
  readonly message: string;
  readonly extensions?: { readonly code?: string; readonly kind?: string };
}

/** What a proxy answers when there is no hub behind it. */
const AWAY = new Set([502, 503, 504]);

/** Asks the hub. A refusal is a `Failure` with the hub's own words and code. */
export class HubClient {
  readonly #connection: Connection;
  readonly #reason: string | undefined;

  /** `reason` goes into the input of each mutation, for the audit log. */
  constructor(connection: Connection, reason?: string) {
    this.#connection = connection;
    this.#reason = reason;
  }

  get url(): string {
    return this.#connection.url;
  }

  async ask<Result, Variables>(
    { text }: Operation<Result, Variables>,
    variables: Variables,
  ): Promise<Result> {
    const response = await this.#post(
      JSON.stringify({ query: text, variables: this.#withReason(text, variables) }),
    );
    const body = await readJson(response);
    const [error] = body.errors ?? [];
    if (error) throw refusal(error);
    if (!response.ok || body.data === undefined) throw this.#odd(response);
    return body.data as Result;
  }

  /** A long answer of another route, as it comes. */
  async stream(path: string): Promise<AsyncIterable<Uint8Array>> {
    const response = await reach(this.url, path, { headers: await this.#authorization() }, true);
    if (response.ok && response.body) return received(response.body, this.url);
    const [error] = (await readJson(response)).errors ?? [];
    throw error ? refusal(error) : this.#odd(response);
  }

  #withReason(text: string, variables: unknown): unknown {
    const { input } = variables as { input?: object };
    if (this.#reason === undefined || !input || !text.startsWith('mutation')) return variables;
    return { ...(variables as object), input: { ...input, reason: this.#reason } };
  }

  async #post(body: string): Promise<Response> {
    return reach(this.url, '/graphql', {
      method: 'POST',
      headers: { ...(await this.#authorization()), 'content-type': 'application/json' },
      body,
    });
  }

  async #authorization(): Promise<{ authorization: string }> {
    const token =
      'token' in this.#connection
        ? this.#connection.token
        : await idTokenIn(this.#connection.signInFile);
    return { authorization: `Bearer ${token}` };
  }

  #odd({ status, statusText }: Response): Failure {
    return new Failure(
      AWAY.has(status) ? exitCode.unreachable : exitCode.refused,
      `The hub at ${this.url} answered ${status} ${statusText}`,
    );
  }
}

/** An answer that breaks off is no answer. */
async function* received(body: AsyncIterable<Uint8Array>, url: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw new Failure(
      exitCode.unreachable,
      `The answer of the hub at ${url} broke off: ${reasonOf(error)}`,
      error,
    );
  }
}

async function readJson(
  response: Response,
): Promise<{ data?: unknown; errors?: readonly GraphqlError[] }> {
  try {
    return Object(await response.json());
  } catch {
    return {};
  }
}

function refusal({ message, extensions }: GraphqlError): Failure {
  const code = extensions?.code === undefined ? '' : ` (${extensions.code})`;
  if (extensions?.kind === 'unavailable')
    return new Failure(exitCode.unreachable, `The hub cannot answer now: ${message}${code}`);
  const exit = extensions?.kind === 'invalid' ? exitCode.badInput : exitCode.refused;
  return new Failure(exit, `The hub refused: ${message}${code}`);
}
