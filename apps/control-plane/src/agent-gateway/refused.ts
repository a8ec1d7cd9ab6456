import type { Refusal, RefusalCode } from '@picket/agent-protocol';

/** The door says no, with a status and a body that agents understand. */
export class Refused extends Error {
  readonly status: number;
  readonly refusal: Refusal;

  constructor(
    status: number,
    code: RefusalCode | 'INVALID' | 'UNAUTHENTICATED' | 'NOT_FOUND',
    message: string,
    more: Partial<Refusal> = {},
  ) {
    super(message);
    this.status = status;
    this.refusal = { code, message, ...more };
  }
}

export function overloaded(): Refused {
  return new Refused(503, 'OVERLOADED', 'The hub is overloaded: come back later');
}
