// Plain JavaScript: what the programs of a test run logged, kept for one look at the end (test/run.js).
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

const folder = path.resolve(import.meta.dirname, '../../../.cache/logs');

/** What no log may hold, whatever the level. */
const SECRETS = {
  'an API or join token': /\bpicket_(?:join_)?[\w-]{43}(?![\w-])/,
  'a signed token (JWT)': /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}/,
  'a private key': /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  'a password in a URL': /\b[a-z]+:\/\/[^\s:/@"']*:[^\s:/@"']+@/,
  'an Authorization header': /\bBearer [\w.~+/-]{16,}/,
};

/** Keeps a piece of a log, under the name of this process. */
export function keepLog(text) {
  mkdirSync(folder, { recursive: true });
  appendFileSync(path.join(folder, `${process.pid}.log`), text);
}

export function forgetLogs() {
  rmSync(folder, { recursive: true, force: true });
}

/** How much was kept (UTF-16 units), and each secret in it with the line that holds it, cut short. */
export function readLogs() {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const lines = files.flatMap((file) => readFileSync(path.join(folder, file), 'utf8').split('\n'));
  return {
    length: lines.reduce((sum, line) => sum + line.length, 0),
    secrets: lines.flatMap((line) => secretsIn(line)),
  };
}

export function secretsIn(line) {
  return Object.entries(SECRETS).flatMap(([what, pattern]) => {
    const found = pattern.exec(line);
    if (!found) return [];
    const { index } = found;
    return [`${what}: …${line.slice(Math.max(0, index - 120), index + 12)}…`];
  });
}
