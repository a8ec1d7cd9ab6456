// How fast `picket analyze` is: the whole process, from its start to the last row, on 1,000 deployments and 300 policies in YAML.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { stringify } from 'yaml';

import { generateCluster } from '../support/verdict/generate-cluster.ts';
import { generateManifests } from '../support/verdict/generate-policies.ts';
import { manifestsOf } from '../support/verdict/manifests-of.ts';
import { SeededRandom } from '../support/verdict/seeded-random.ts';
import { figuresOf } from './figure.ts';

const SEED = 20_260;
const RUNS = 5;
const FLOWS = 500_000;
const figure = figuresOf('analyze');
const picket = fileURLToPath(new URL('../../apps/cli/dist/picket.js', import.meta.url));
/** Makes the process tell what it has used when it ends. */
const meter = `data:text/javascript,process.on('exit',()=>console.error(JSON.stringify(process.resourceUsage())))`;

const folder = mkdtempSync(path.join(tmpdir(), 'picket-bench-analyze-'));
try {
  const size = { seed: SEED, pods: 1_000, workloads: 1_000, namespaces: 100, nodes: 10 };
  const inventory = generateCluster(size);
  const manifests = path.join(folder, 'manifests');
  mkdirSync(manifests);
  writeYaml(path.join(manifests, 'workloads.yaml'), manifestsOf(inventory));
  writeYaml(path.join(manifests, 'policies.yaml'), generateManifests(inventory, 300, SEED + 1));
  const list = await fastest(['list', '-f', manifests, '-o', 'json']);
  figure({
    metric: 'list-1000-deployments-300-policies',
    value: list.seconds,
    unit: 's',
    aim: '<= 3',
    cpuSeconds: { picket: list.cpuSeconds },
    comparator: { rows: list.lines - 2, megabytes: list.bytes / 1e6 },
  });
  figure({ metric: 'list-memory', value: list.megabytes, unit: 'MB', aim: '<= 300' });

  const flows = path.join(folder, 'flows.jsonl');
  const random = new SeededRandom(SEED);
  const peer = (): string => {
    const { namespace, name } = random.pick(inventory.workloads);
    return `${namespace}/${name}`;
  };
  const lines = Array.from({ length: FLOWS }, () =>
    JSON.stringify({ src: peer(), dst: peer(), protocol: 'TCP', port: 1 + random.below(65_535) }),
  );
  writeFileSync(flows, lines.join('\n'));
  const judged = await fastest([
    'eval',
    '-f',
    manifests,
    '--flows',
    flows,
    '--no-networks-match-pods',
  ]);
  if (judged.lines !== FLOWS) throw new Error(`${judged.lines} of ${FLOWS} flows were judged`);
  figure({
    metric: 'eval-flows-per-second',
    value: FLOWS / judged.seconds,
    unit: '1/s',
    cpuSeconds: { picket: judged.cpuSeconds },
  });
} finally {
  rmSync(folder, { recursive: true });
}

function writeYaml(file: string, objects: readonly object[]): void {
  writeFileSync(file, objects.map((object) => stringify(object)).join('---\n'));
}

interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly megabytes: number;
  readonly lines: number;
  readonly bytes: number;
}

/** The run that was disturbed least. */
async function fastest(args: readonly string[]): Promise<Run> {
  const runs: Run[] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await runOnce(args));
  return runs.reduce((best, run) => (run.seconds < best.seconds ? run : best));
}

async function runOnce(args: readonly string[]): Promise<Run> {
  const startMs = performance.now();
  const child = spawn(process.execPath, ['--import', meter, picket, 'analyze', ...args]);
  const errors = text(child.stderr);
  let lines = 0;
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
  });
  await once(child, 'close');
  const seconds = (performance.now() - startMs) / 1_000;
  const usage = JSON.parse(await errors) as NodeJS.ResourceUsage;
  const cpuSeconds = (usage.userCPUTime + usage.systemCPUTime) / 1e6;
  return { seconds, cpuSeconds, megabytes: usage.maxRSS / 1_024, lines, bytes };
}
