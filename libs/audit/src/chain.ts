import { canonicalJson, type Json, sha256Hex } from '@picket/kernel';

import type { AuditEvent } from './event.ts';

/** An event in its place: what is exported, one canonical line each. */
export interface SealedEvent {
  /** 1, 2, 3, … for each organization. */
  readonly sequence: number;
  /** Hash of the one before; of the first: {@link firstHash}. */
  readonly previous: string;
  /** {@link sealHash} of the other three. */
  readonly hash: string;
  readonly event: AuditEvent;
}

/** What stands before the first event of an organization. */
export function firstHash(organizationId: string): string {
  return sha256Hex(`picket.audit.v1\n${organizationId}`);
}

/** SHA-256 of the canonical JSON of event, previous hash and sequence. The database computes the same (migration 0041). */
export function sealHash({ sequence, previous, event }: Omit<SealedEvent, 'hash'>): string {
  return sha256Hex(canonicalJson({ sequence, previous, event: event as unknown as Json }));
}

/** The line of an export. */
export function sealedLine(sealed: SealedEvent): string {
  return canonicalJson(sealed as unknown as Json);
}

/** How far the log of an organization had come, said by the hub: whoever keeps it sees that an end was cut off. */
export interface Head {
  readonly organizationId: string;
  readonly sequence: number;
  readonly hash: string;
  /** RFC 3339. */
  readonly at: string;
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string;
}

/** A head with its Ed25519 signature (RFC 8032) over {@link headText}, base64url. */
export interface SignedHead extends Head {
  readonly signature: string;
}

/** The text whose UTF-8 bytes are signed: a domain prefix, so that no other signature of the key passes for one. */
export function headText({ organizationId, sequence, hash, at, publicKey }: Head): string {
  return `picket.audit.head.v1\n${canonicalJson({ organizationId, sequence, hash, at, publicKey })}`;
}
