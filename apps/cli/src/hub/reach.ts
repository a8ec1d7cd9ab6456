import { Failure, exitCode } from '../exit-code.ts';

const TIMEOUT_MS = 60_000;

/**
 * Sends a request to the hub; a hub that cannot be reached is a `Failure` with the reason. The answer must be there whole within a minute;
 * of a long one, its beginning.
 */
export async function reach(
  url: string,
  path: string,
  init: RequestInit = {},
  isLong = false,
): Promise<Response> {
  const limit = new AbortController();
  const late = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
  const timer = setTimeout(() => limit.abort(late), TIMEOUT_MS).unref();
  try {
    const response = await fetch(`${url}${path}`, { ...init, signal: limit.signal });
    if (isLong) clearTimeout(timer);
    return response;
  } catch (error) {
    throw new Failure(
      exitCode.unreachable,
      `Cannot reach the hub at ${url}: ${reasonOf(error)}`,
      error,
    );
  }
}

/** fetch hides the reason in the cause, which has a code alone when several addresses were tried. */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as { message: string; cause?: unknown };
  if (cause === undefined || cause === null) return message;
  const { code } = cause as NodeJS.ErrnoException;
  return reasonOf(cause) || code || message;
}
