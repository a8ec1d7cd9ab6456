import { type Json } from '@picket/kernel';

import {
  firstHash,
  headText,
  type SealedEvent,
  sealedLine,
  sealHash,
  type SignedHead,
} from './chain.ts';

export type FaultCode =
  /** A line, or a head, is not what the hub writes. */
  | 'UNREADABLE'
  /** The event is not the one that was sealed. */
  | 'EDITED'
  /** Events are missing before this one, or one stands here that does not belong. */
  | 'BROKEN'
  /** The log begins after its first event, and no signed head vouches for what went before. */
  | 'BEGINS_LATE'
  /** A head was signed for events that the log does not have. */
  | 'CUT'
  /** A head was signed for another event than the log has there: it was written anew. */
  | 'REWRITTEN'
  /** A head is not signed by the key. */
  | 'FORGED_HEAD'
  /** Heads were given, and none is of this organization. */
  | 'NO_HEAD';

export interface Fault {
  readonly code: FaultCode;
  /** Of the event, or of the head. */
  readonly sequence: number | null;
  readonly message: string;
}

/** Faults that are told; the others are counted. */
const FAULTS_MAX = 100;

/** What a log turned out to be. */
export interface Verified {
  readonly events: number;
  readonly first: number | null;
  readonly last: number | null;
  /** Signed heads that agree with the log; without one, a cut end is not seen. */
  readonly heads: number;
  readonly faults: readonly Fault[];
  readonly faultsDropped: number;
}

/** Whether the bytes of `text` are signed by the raw Ed25519 key, all but text in base64url. Must not throw. */
export type IsSigned = (text: string, signature: string, publicKey: string) => boolean;

/**
 * Checks the log of one organization, line by line, against itself and against signed heads, of which those of others are left out. Finds each edit, removal, insertion and
 * reordering, a cut end, and a log that was written anew. `publicKey` is the key that heads must be signed by; the key that they name
 * themselves when absent, which then proves that they agree and not who made them. Memory grows with the heads, never with the log.
 */
export class LogCheck {
  readonly #faults: Fault[] = [];
  /** Of all organizations, until the first line tells which one it is. */
  #given: SignedHead[] = [];
  /** Those that count and have not been met, by sequence. */
  readonly #heads = new Map<number, SignedHead[]>();
  readonly #isSigned: IsSigned;
  readonly #publicKey: string | undefined;
  #faultsDropped = 0;
  #headsHeld = 0;
  #events = 0;
  #first: SealedEvent | undefined;
  #last: SealedEvent | undefined;

  constructor(heads: readonly string[], isSigned: IsSigned, publicKey?: string) {
    this.#isSigned = isSigned;
    this.#publicKey = publicKey;
    for (const line of heads) {
      const head = readHead(line);
      if (head) this.#given.push(head);
      else this.#fault('UNREADABLE', null, 'not a head of an audit log');
    }
  }

  /** The next line of the log, without its end. */
  add(line: string): void {
    const sealed = readSealed(line);
    if (!sealed) {
      this.#fault('UNREADABLE', (this.#last?.sequence ?? 0) + 1, 'not a line of an audit log');
      return;
    }
    const { sequence, previous, hash, event } = sealed;
    const last = this.#last;
    if (!last) this.#takeHeads(event.organizationId);
    if (sealHash(sealed) !== hash)
      this.#fault('EDITED', sequence, 'the event is not the one that was sealed');
    if (!last) this.#begin(sealed);
    else if (sequence !== last.sequence + 1)
      this.#fault('BROKEN', sequence, `follows event ${last.sequence}`);
    else if (previous !== last.hash)
      this.#fault('BROKEN', sequence, 'does not follow from the one before');
    if (last && event.organizationId !== last.event.organizationId)
      this.#fault('BROKEN', sequence, 'is of another organization');
    for (const head of this.#heads.get(sequence) ?? []) this.#compare(head, sealed);
    this.#heads.delete(sequence);
    this.#first ??= sealed;
    this.#last = sealed;
    this.#events += 1;
  }

  /** After the last line. */
  end(): Verified {
    if (!this.#last) this.#takeHeads();
    const first = this.#first?.sequence ?? null;
    const last = this.#last?.sequence ?? 0;
    for (const [sequence, heads] of [...this.#heads].toSorted(([a], [b]) => a - b))
      if (sequence > last)
        this.#fault('CUT', sequence, `was signed ${heads[0]?.at}, and the log ends at ${last}`);
    return {
      events: this.#events,
      first,
      last: this.#last?.sequence ?? null,
      heads: this.#headsHeld,
      faults: this.#faults,
      faultsDropped: this.#faultsDropped,
    };
  }

  #begin(sealed: SealedEvent): void {
    const { sequence, previous, event } = sealed;
    if (sequence === 1) {
      if (previous !== firstHash(event.organizationId))
        this.#fault('BROKEN', 1, 'does not begin as the log of its organization');
      return;
    }
    const vouching = (this.#heads.get(sequence - 1) ?? []).some((head) => head.hash === previous);
    if (!vouching)
      this.#fault('BEGINS_LATE', sequence, 'no signed head vouches for the events before it');
  }

  #compare(head: SignedHead, { sequence, hash }: SealedEvent): void {
    if (head.hash === hash) this.#headsHeld += 1;
    else this.#fault('REWRITTEN', sequence, `another event was signed at this place, ${head.at}`);
  }

  #takeHeads(organizationId?: string): void {
    const own = this.#given.filter(
      (head) => organizationId === undefined || head.organizationId === organizationId,
    );
    if (this.#given.length > 0 && own.length === 0)
      this.#fault('NO_HEAD', null, 'none of the heads is of the organization of this log');
    this.#given = [];
    for (const head of own) {
      const { sequence, signature, publicKey } = head;
      const isOurs = this.#publicKey === undefined || publicKey === this.#publicKey;
      if (isOurs && this.#isSigned(headText(head), signature, publicKey))
        this.#heads.set(sequence, [...(this.#heads.get(sequence) ?? []), head]);
      else this.#fault('FORGED_HEAD', sequence, 'the head is not signed by the key');
    }
  }

  #fault(code: FaultCode, sequence: number | null, message: string): void {
    if (this.#faults.length < FAULTS_MAX) this.#faults.push({ code, sequence, message });
    else this.#faultsDropped += 1;
  }
}

/** Undefined unless the line is, letter by letter, what the hub would write. */
function readSealed(line: string): SealedEvent | undefined {
  const value = parsed(line) as Partial<SealedEvent> | null | undefined;
  const event = value?.event as Partial<SealedEvent['event']> | null | undefined;
  const isSealed =
    Number.isSafeInteger(value?.sequence) &&
    typeof value?.previous === 'string' &&
    typeof value.hash === 'string' &&
    typeof event?.organizationId === 'string' &&
    sealedLine(value as SealedEvent) === line;
  return isSealed ? (value as SealedEvent) : undefined;
}

function readHead(line: string): SignedHead | undefined {
  const value = parsed(line) as Partial<SignedHead> | null | undefined;
  const isHead =
    Number.isSafeInteger(value?.sequence) &&
    [value?.organizationId, value?.hash, value?.at, value?.publicKey, value?.signature].every(
      (text) => typeof text === 'string',
    );
  return isHead ? (value as SignedHead) : undefined;
}

function parsed(line: string): Json | undefined {
  try {
    return JSON.parse(line) as Json;
  } catch {
    return undefined;
  }
}
