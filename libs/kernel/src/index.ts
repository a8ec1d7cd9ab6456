export { DomainError, type DomainErrorKind } from './domain-error.ts';
export { canonicalJson, type Json } from './canonical-json.ts';
export { sha256Hex } from './digest.ts';
export { pathText, type Problem } from './problem.ts';
