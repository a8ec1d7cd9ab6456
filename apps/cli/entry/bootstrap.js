// Plain JavaScript that runs on Node 20: the first command on a fresh clone comes through here.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
const bin = join(root, 'node_modules', '.bin');

/** After this long people want to hear what is going on. */
const PATIENCE_MS = 1_000;
/** Its workers would outlive a Ctrl-C. */
const NX_SETTINGS = { NX_ISOLATE_PLUGINS: 'false' };

/** Somebody pressed Ctrl-C: what fails from here on needs no explanation. */
let isEnding = false;

/** Installs what the lock file asks for, when it is not there already. Ends the process when that fails. */
export function installWhenStale() {
  if (isInstalled()) return;
  console.error('Installing dependencies (npm ci), which takes a minute or two …');
  // Errors only: npm would warn, package by package, that it runs on an older Node than the one that it installs for us.
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
    // Not by the Node in node_modules: npm ci is about to delete that one.
    env: {
      ...process.env,
      PATH: searchPath()
        .filter((path) => !path.startsWith(bin))
        .join(delimiter),
    },
  });
  if (npm.status === 0) return;
  console.error(
    `\nCould not install the dependencies: ${npm.error?.message ?? `npm ci ended with exit code ${npm.status}`}.` +
      '\nWhat npm said stands above. Node >= 20, npm and a package registry are needed; then run the same command again.',
  );
  process.exit(1);
}

/**
 * Runs a command under the pinned Node of this repository and answers its exit code.
 * It gets the signals that this process gets, and has an IPC channel so that it can tell when this process is gone.
 */
export function run(
  command,
  args,
  { cwd = root, env, stdio = ['inherit', 'inherit', 'inherit', 'ipc'], onOutput } = {},
) {
  const child = spawn(command, args, {
    cwd,
    stdio,
    env: { ...process.env, ...env, PATH: [bin, ...searchPath()].join(delimiter) },
  });
  child.stdout?.on('data', onOutput);
  child.stderr?.on('data', onOutput);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const pass = (signal) => {
    isEnding = true;
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, pass);
  const watch = whenNpmIsGone(() => pass('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      for (const each of signals) process.off(each, pass);
      clearInterval(watch);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

/** Runs a command like `run`, but shows its output only when it fails. */
export async function runQuietly(command, args) {
  const output = [];
  const stdio = ['ignore', 'pipe', 'pipe'];
  const code = await run(command, args, {
    env: NX_SETTINGS,
    stdio,
    onOutput: (chunk) => output.push(chunk),
  });
  if (code !== 0 && !isEnding) process.stderr.write(Buffer.concat(output));
  return code;
}

/** Builds the bundles of these packages whose sources changed (Nx keeps the others). Ends the process when that fails. */
export async function buildBundles(...packages) {
  const telling = setTimeout(() => console.error('Building …'), PATIENCE_MS);
  const code = await runQuietly('nx', ['run-many', '-t', 'build', '-p', ...packages]);
  clearTimeout(telling);
  if (code === 0) return;
  if (!isEnding) console.error('\nThe build failed, see above.');
  process.exit(code);
}

/** npm runs a script below a shell, and a signal to npm ends that shell without a word to us. */
function whenNpmIsGone(stop) {
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  return setInterval(() => process.ppid !== parent && stop(), 500);
}

function isInstalled() {
  const installedLock = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedLock)) return false;
  const installed = packagesOf(installedLock);
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(
    ([path, { version, optional }]) =>
      optional ||
      !path.includes('node_modules/') ||
      (path in installed && installed[path].version === version),
  );
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
}

function searchPath() {
  return (process.env.PATH ?? '').split(delimiter);
}
