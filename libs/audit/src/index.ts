export { diff, type Difference } from './diff.ts';
export { type AuditEvent, eventText, type Outcome, type Party } from './event.ts';
export { redacted, redactedText } from './redacted.ts';
