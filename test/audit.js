// Plain JavaScript, a step of `npm run check`: no dependency that we ship has a known hole of high severity. Exits with 77 when that cannot
// be known.
import { spawnSync } from 'node:child_process';

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--audit-level=high', '--json'], {
  encoding: 'utf8',
  maxBuffer: 64 * 1_024 * 1_024,
});
const { vulnerabilities, error, message } = JSON.parse(stdout || '{}');
if (!vulnerabilities) {
  // A mirror without advisories, or no network: that says nothing about our dependencies.
  console.error(error?.summary || message || 'the registry did not answer');
  process.exit(77);
}
const bad = Object.values(vulnerabilities).filter(({ severity }) =>
  ['high', 'critical'].includes(severity),
);
for (const { name, severity, range } of bad) console.error(`${name} ${range}: ${severity}`);
process.exit(bad.length === 0 ? 0 : 1);
