import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { canonicalJson, sha256Hex } from '@picket/kernel';

import type { BenchHub } from './bench-hub.ts';
import type { FromAgents, ToAgents } from './fleet-agents.ts';
import { capabilities, SINGLES } from './fleet-documents.ts';

const PROCESSES = 2;

/** All agents, in processes of their own. */
export class Fleet {
  readonly #children: ChildProcess[];
  size = 0;

  constructor() {
    this.#children = Array.from({ length: PROCESSES }, () =>
      fork(new URL('fleet-agents.ts', import.meta.url), { stdio: 'inherit' }),
    );
  }

  async grow(hub: BenchHub, size: number): Promise<void> {
    const members = await register(hub, this.size, size);
    await Promise.all(
      this.#children.map((child, index) =>
        ask(child, {
          do: 'join',
          url: hub.url,
          capabilities,
          capabilitiesHash: sha256Hex(canonicalJson(capabilities)),
          members: members.filter((_, place) => place % PROCESSES === index),
        }),
      ),
    );
    this.size = size;
  }

  async times(): Promise<{
    granted: number[];
    acknowledged: number[];
    healthy: number[];
    faults: number;
  }> {
    const answers = await Promise.all(this.#children.map((child) => ask(child, { do: 'times' })));
    const times = answers.flatMap((answer) =>
      'done' in answer && answer.done === 'times' ? [answer] : [],
    );
    return {
      granted: times.flatMap(({ granted }) => granted),
      acknowledged: times.flatMap(({ acknowledged }) => acknowledged),
      healthy: times.flatMap(({ healthy }) => healthy),
      faults: times.reduce((sum, { faults }) => sum + faults, 0),
    };
  }

  tell(grants: boolean): void {
    for (const child of this.#children) child.send({ do: 'tell', grants } satisfies ToAgents);
  }

  /** When the next agent has a new grant, ms since the epoch. */
  nextGrant(): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    const listen = (message: FromAgents): void => {
      if (!('event' in message)) return;
      for (const child of this.#children) child.off('message', listen);
      resolve(message.atMs);
    };
    for (const child of this.#children) child.on('message', listen);
    return promise;
  }

  stop(): void {
    for (const child of this.#children) child.kill();
  }
}

async function ask(child: ChildProcess, message: ToAgents): Promise<FromAgents> {
  child.send(message);
  for (;;) {
    const [answer] = (await once(child, 'message')) as [FromAgents];
    if ('done' in answer && answer.done === message.do) return answer;
  }
}

async function register(
  hub: BenchHub,
  from: number,
  to: number,
): Promise<{ id: string; joinToken: string }[]> {
  const members: { id: string; joinToken: string }[] = [];
  const numbers = Array.from({ length: to - from }, (_, index) => from + index).values();
  const lanes = Array.from({ length: 8 }, async () => {
    for (const number of numbers) {
      const labels = {
        tier: 'prod',
        region: `r${number % 20}`,
        ...(number < SINGLES && { single: String(number) }),
      };
      const { registerCluster } = await hub.ask(
        `mutation ($input: RegisterClusterInput!) { registerCluster(input: $input) { joinToken cluster { id } } }`,
        { input: { name: `c-${String(number).padStart(6, '0')}`, labels } },
      );
      members.push({ id: registerCluster.cluster.id, joinToken: registerCluster.joinToken });
    }
  });
  await Promise.all(lanes);
  return members;
}
