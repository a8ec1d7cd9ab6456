import { loadConfig } from './config/config.ts';
import { startHub, type Shape } from './start-hub.ts';

/** What was accepted is committed long before; only a database or queue that does not answer keeps a stop from ending (ms). */
const STOP_MAX_MS = 20_000;

/** Body of every main: starts, says so in one line on stdout, and stops on SIGTERM or SIGINT. */
export async function run(shape: Shape, env: Record<string, string | undefined>): Promise<void> {
  const hub = await startHub(loadConfig(env), shape);
  process.stdout.write(`${JSON.stringify({ ready: true, url: hub.url })}\n`);
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (isStopping) return;
      isStopping = true;
      setTimeout(() => {
        process.stderr.write(`Not everything could be closed in ${STOP_MAX_MS} ms\n`);
        process.exit(1);
      }, STOP_MAX_MS).unref();
      hub.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`${String(error)}\n`);
          process.exit(1);
        },
      );
    });
}
