import type { Json } from './canonical-json.ts';

/** How an edge answers a DomainError: status 400, 403, 404, 409, 503, in this order. Only `unavailable` is worth a retry. */
export type DomainErrorKind = 'invalid' | 'forbidden' | 'notFound' | 'conflict' | 'unavailable';

/**
 * A refusal that a caller may see: message and details are safe to show.
 *
 * Subclasses are facts (`BlueprintChanged`), each with its own stable upper-snake `code`.
 */
export abstract class DomainError extends Error {
  abstract readonly code: string;
  abstract readonly kind: DomainErrorKind;
  readonly details: Readonly<Record<string, Json>>;

  constructor(message: string, details: Readonly<Record<string, Json>> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.details = details;
  }
}
