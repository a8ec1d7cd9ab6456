// `npm run up`: installs and builds what is missing, then hands over to `picket up`.
import { buildBundles, installWhenStale, run } from './bootstrap.js';

installWhenStale();
await buildBundles('@picket/cli', '@picket/control-plane', '@picket/agent'); // the agent is for `picket agent run`
process.exit(await run('node', ['apps/cli/dist/picket.js', 'up', ...process.argv.slice(2)]));
