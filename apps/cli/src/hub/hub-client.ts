import { Failure, exitCode } from '../exit-code.ts';
import type { Connection } from './connection.ts';
import { idTokenIn } from './kept-sign-in.ts';
import { reach } from './reach.ts';

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

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get url(): string {
    return this.#connection.url;
  }

  async ask<Result, Variables>(
    { text }: Operation<Result, Variables>,
    variables: Variables,
  ): Promise<Result> {
    const response = await this.#post(JSON.stringify({ query: text, variables }));
    const body = await readJson(response);
    const [error] = body.errors ?? [];
    if (error) throw refusal(error);
    if (!response.ok || body.data === undefined)
      throw new Failure(
        AWAY.has(response.status) ? exitCode.unreachable : exitCode.refused,
        `The hub at ${this.url} answered ${response.status} ${response.statusText}`,
      );
    return body.data as Result;
  }

  async #post(body: string): Promise<Response> {
    const token =
      'token' in this.#connection
        ? this.#connection.token
        : await idTokenIn(this.#connection.signInFile);
    return reach(this.url, '/graphql', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
    });
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
