// `npm run demo`: installs and builds what is missing, then hands over to `picket demo`.
import { buildBundles, installWhenStale, run } from './bootstrap.js';

installWhenStale();
await buildBundles('@picket/cli', '@picket/control-plane', '@picket/agent');
process.exit(await run('node', ['apps/cli/dist/picket.js', 'demo', ...process.argv.slice(2)]));
