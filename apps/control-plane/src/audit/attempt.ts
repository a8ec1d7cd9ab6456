/** Where a request came from. */
export interface Origin {
  readonly address: string | null;
  readonly requestId: string | null;
}

/** What an event is about, as far as it is known. */
export interface Subject {
  readonly thing?: string | undefined;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly projectId?: string | null | undefined;
}

/** One try of one mutation, from the door to its event. It travels with the actor. */
export class Attempt {
  readonly operation: string;
  readonly origin: Origin;
  readonly reason: string | null;
  /** What it says it is about, before anybody has looked. */
  readonly subject: Subject;
  /** What the operation works on, by its declared permission. */
  thing: string | undefined;
  /** Events that have been committed. */
  events = 0;

  constructor(operation: string, origin: Origin, reason: string | null, subject: Subject = {}) {
    this.operation = operation;
    this.origin = origin;
    this.reason = reason;
    this.subject = subject;
  }
}
