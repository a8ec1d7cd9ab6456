#!/usr/bin/env node
import { runProgram } from './program.ts';

// Whoever reads us may go early, as `head` does. That is no failure of ours, and must not end a hub halfway through its stop.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

const code = await runProgram(process.argv.slice(2));
// What was written may still be on its way: pipes are asynchronous on some systems.
await new Promise<void>((resolve) => {
  process.stdout.write('', () => resolve());
});
process.exit(code);
