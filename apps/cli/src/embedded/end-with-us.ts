import { spawn, type ChildProcess } from 'node:child_process';

/**
 * Ends a child that does not notice when we are gone, even when we were killed. A shell waits on a pipe that the operating
 * system closes with us, and then sends SIGINT.
 */
export function endWithUs(child: ChildProcess): void {
  if (process.platform === 'win32' || child.pid === undefined) return;
  const guard = spawn('/bin/sh', ['-c', `read -r _; kill -INT ${child.pid}`], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // Ctrl-C is not for it
  });
  guard.unref();
  guard.stdin.on('error', () => undefined);
  child.once('exit', () => guard.kill('SIGKILL'));
}
