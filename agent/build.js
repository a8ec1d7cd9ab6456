// Bundles the agent to one file, dist/main.js, that needs Node and nothing else.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { rolldown } from 'rolldown';

const here = import.meta.dirname;

const folderOf = (name) => path.dirname(fileURLToPath(import.meta.resolve(name)));
const from = (names, ...file) =>
  `export { ${names} } from ${JSON.stringify(path.join(...file))};\n`;
const kube = folderOf('@kubernetes/client-node');
const undici = path.join(folderOf('undici'), 'lib');

/**
 * What two packages are to the agent, instead of all that they are: each module that is loaded costs memory in every cluster.
 *
 * Of @kubernetes/client-node that is KubeConfig, which asks the generated client, two megabytes of classes, for two small things. Of undici,
 * which KubeConfig brings in a second version, it is `fetch` and the dispatchers; its index also loads mocks, caches and WebSockets.
 */
const PARTS = {
  '@kubernetes/client-node': from('KubeConfig', kube, 'config.js'),
  './gen/index.js':
    from('createConfiguration', kube, 'gen', 'configuration.js') +
    from('ServerConfiguration', kube, 'gen', 'servers.js'),
  undici:
    from('default as Agent', undici, 'dispatcher', 'agent.js') +
    from('default as ProxyAgent', undici, 'dispatcher', 'proxy-agent.js') +
    from('default as EnvHttpProxyAgent', undici, 'dispatcher', 'env-http-proxy-agent.js') +
    from('fetch', undici, 'web', 'fetch', 'index.js') +
    // As undici's index does: a proxy is asked for a tunnel by this method.
    `import Dispatcher from ${JSON.stringify(path.join(undici, 'dispatcher', 'dispatcher.js'))};
     import connect from ${JSON.stringify(path.join(undici, 'api', 'api-connect.js'))};
     Dispatcher.prototype.connect = connect;`,
};

const onlyParts = {
  name: 'only-parts',
  resolveId: (source) => (source in PARTS ? `\0${source}` : null),
  load: (id) => (id.startsWith('\0') ? (PARTS[id.slice(1)] ?? null) : null),
};

const bundle = await rolldown({
  input: path.join(here, 'src', 'main.ts'),
  platform: 'node',
  tsconfig: path.join(here, 'tsconfig.json'),
  logLevel: 'silent',
  plugins: [onlyParts],
  // It does nothing when it is only imported: the manifest that the hub prints needs it, and the agent does not print.
  treeshake: { moduleSideEffects: (id) => !id.includes('/node_modules/yaml/') },
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
