import type { Json } from '@picket/kernel';

/** What stands where a secret stood. */
const HIDDEN = '[secret]';

const SECRET_NAMES = /^(secret|password|passphrase|tokenHash|joinToken|privateKey|signingKey)$/i;

// Tokens of the hub, PEM private keys, JWTs, and passwords in URLs. Linear in the text, whatever it holds: the header of a JWT is bounded.
const SECRETS =
  /picket_[\w-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(-----END [A-Z ]*PRIVATE KEY-----|$)|\beyJ[\w-]{10,300}\.[\w-]+\.[\w-]*|(?<=:\/\/[^/\s:@]*:)[^/\s:@]+(?=@)/g;

/** The value with no secret in it: neither under a name that says so, nor in a text that looks like one. */
export function redacted(value: Json): Json {
  if (typeof value === 'string') return redactedText(value);
  if (Array.isArray(value)) return value.map((item: Json) => redacted(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as Readonly<Record<string, Json>>).map(([name, member]) => [
      redactedText(name),
      SECRET_NAMES.test(name) ? HIDDEN : redacted(member),
    ]),
  );
}

/** The text without secrets, and without what PostgreSQL cannot keep (NUL, half a surrogate pair). */
export function redactedText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD').replace(SECRETS, HIDDEN);
}
