import { loadConfig } from './config/config.ts';
import { startHub, type Shape } from './start-hub.ts';

/** Body of every main: starts, says so in one line on stdout, and stops on SIGTERM or SIGINT. */
export async function run(shape: Shape, env: Record<string, string | undefined>): Promise<void> {
  const hub = await startHub(loadConfig(env), shape);
  process.stdout.write(`${JSON.stringify({ ready: true, url: hub.url })}\n`);
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (isStopping) return;
      isStopping = true;
      hub.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`${String(error)}\n`);
          process.exit(1);
        },
      );
    });
}
