// Bundles the agent to one file, dist/main.js, that needs Node and nothing else.
import path from 'node:path';

import { rolldown } from 'rolldown';

const here = import.meta.dirname;
const bundle = await rolldown({
  input: path.join(here, 'src', 'main.ts'),
  platform: 'node',
  tsconfig: path.join(here, 'tsconfig.json'),
  logLevel: 'silent',
});
await bundle.write({
  file: path.join(here, 'dist', 'main.js'),
  format: 'esm',
  codeSplitting: false,
  sourcemap: false,
  // V8 keeps a source in memory, and one letter beyond ASCII doubles it.
  charset: 'ascii',
  comments: false,
  minify: { mangle: false, compress: true },
  // Bundled CommonJS packages ask for Node's own modules by require().
  banner:
    "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
});
await bundle.close();
