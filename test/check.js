// `npm run check`: everything about the code that needs no running service. All steps run, whatever fails.
import { readFileSync } from 'node:fs';
import { installWhenStale, root, runQuietly } from '../apps/cli/entry/bootstrap.js';

installWhenStale();

const steps = {
  format: ['oxfmt', '--check', '.'],
  lint: ['oxlint', '--type-aware', '--deny-warnings'],
  boundaries: ['depcruise', '--config', '.dependency-cruiser.cjs', 'libs', 'apps', 'agent', 'test'],
  types: ['nx', 'run-many', '-t', 'types'],
  audit: ['node', 'test/audit.js'],
  ...generatedFiles('apps/control-plane'),
  ...generatedFiles('agent'),
};

const failed = [];
for (const [name, [tool, ...args]] of Object.entries(steps)) {
  const startMs = performance.now();
  const code = await runQuietly(tool, args);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`${{ 0: 'ok    ', 77: 'not run' }[code] ?? 'FAILED'} ${name} (${seconds} s)`);
  if (code !== 0 && code !== 77) failed.push(name);
}
if (failed.length > 0) console.log(`\n${failed.join(', ')} failed, see above.`);
process.exit(failed.length === 0 ? 0 : 1);

/** One step for each script of the package that writes a committed file: it must say the same as the code. */
function generatedFiles(folder) {
  const { name, scripts } = JSON.parse(readFileSync(`${root}/${folder}/package.json`, 'utf8'));
  const generators = ['schema', 'config-table', 'manifests'].filter((script) => script in scripts);
  return Object.fromEntries(
    generators.map((script) => [
      script,
      ['npm', 'run', '--silent', script, '-w', name, '--', '--check'],
    ]),
  );
}
