export {
  firstHash,
  type Head,
  headText,
  type SealedEvent,
  sealedLine,
  sealHash,
  type SignedHead,
} from './chain.ts';
export { diff, type Difference } from './diff.ts';
export { type AuditEvent, eventText, type Outcome, type Party } from './event.ts';
export { redacted, redactedText } from './redacted.ts';
export { type Fault, type FaultCode, type IsSigned, LogCheck, type Verified } from './verify.ts';
