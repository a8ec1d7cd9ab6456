import type { Flow, Inventory, Workload } from '@picket/verdict';

import { SeededRandom } from './seeded-random.ts';

/** Flows between pods of the inventory, a few to and from outside, on ports that are mostly the destination's. */
export function generateFlows({ workloads }: Inventory, count: number, seed: number): Flow[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, (): Flow => {
    const src = random.pick(workloads);
    const dst = random.pick(workloads);
    const outside = { address: `203.${random.below(20)}.${random.below(10)}.7` };
    const dice = random.next();
    return {
      src: dice < 0.05 ? outside : nameOf(src),
      dst: dice > 0.95 ? outside : nameOf(dst),
      ...portOf(dst, random),
    };
  });
}

function nameOf({ namespace, name }: Workload): { workload: string } {
  return { workload: `${namespace}/${name}` };
}

function portOf({ ports }: Workload, random: SeededRandom): Pick<Flow, 'protocol' | 'port'> {
  if (ports.length === 0 || random.isLucky(0.2))
    return { protocol: 'TCP', port: 1 + random.below(65_535) };
  const { protocol, port } = random.pick(ports);
  return { protocol, port };
}
