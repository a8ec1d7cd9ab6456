import { type Client, CloseCode, createClient } from 'graphql-ws';
import { expect } from '@jest/globals';

import { eventually, ProtocolAgent } from '../../support/hub/index.ts';
import type { Place } from './place.ts';
import type { World } from './world.ts';

/** One is enough for what is heard; what is not to be heard gets more chances. */
const ROUNDS = 3;

type Grant = Parameters<ProtocolAgent['follow']>[0];

/** What a subscriber without a filter hears of a cluster of each place, one list of letters for each token. */
export async function listenEverywhere(
  world: World,
  places: readonly Place[],
  tokens: readonly string[],
): Promise<string[][]> {
  const worker = await world.hub.replica({}, 'main.worker');
  const speakers = await Promise.all(places.map((place) => speakerOf(world, place)));
  const listeners = tokens.map((token) => listen(world, token));
  const strangers = listen(world, places.at(-1)!.admin);
  try {
    // The first speaks last too: who hears it has had the chance to hear all others of the round.
    for (let round = 0; round < ROUNDS; round++) {
      for (const { heard } of [...listeners, strangers]) heard.delete(speakers[0]!.name);
      await eventually(async () => {
        for (const speaker of [...speakers, speakers[0]!]) await speaker.say();
        expect(strangers.heard).toContain(speakers.at(-1)!.name);
        for (const listener of listeners)
          if (listener.end === undefined) expect(listener.heard).toContain(speakers[0]!.name);
      });
    }
    return listeners.map(({ heard, end }) =>
      speakers.map(({ name }) => end ?? (heard.has(name) ? '+' : '0')),
    );
  } finally {
    for (const { client } of [...listeners, strangers]) await client.dispose();
    for (const { agent } of speakers) await agent.close();
    await worker.stop();
  }
}

interface Speaker {
  readonly name: string;
  readonly agent: ProtocolAgent;
  say(): Promise<void>;
}

/** A cluster of the place whose agent says something when it is told to. */
export async function speakerOf({ hub }: World, place: Place): Promise<Speaker> {
  const name = place.world.name();
  const { joinToken } = await place.do(
    'registerCluster',
    { project: place.project, name, labels: { tier: place.tier } },
    '{ joinToken }',
  );
  const agent = await ProtocolAgent.create(hub);
  await agent.enrol(joinToken);
  await eventually(async () => {
    const answer = await agent.sync();
    await agent.follow(answer);
  });
  const { digest, sequence } = agent.held;
  const grant = { digest, sequence, notAfter: 4_000_000_000 } as Grant['grant'];
  return { name, agent, say: async () => void (await agent.follow({ grant } as Grant)) };
}

export interface Listener {
  readonly client: Client;
  readonly heard: Set<string>;
  /** The letter of a subscription that did not last. */
  end: string | undefined;
}

/** Hears names of clusters; not all of what the token may see with a filter. */
export function listen({ hub }: World, token: string, filter: object = {}): Listener {
  const client = createClient({
    url: `${hub.url.replace('http', 'ws')}/graphql`,
    connectionParams: token === '' ? {} : { authorization: `Bearer ${token}` },
    retryAttempts: 0,
  });
  const listener: Listener = { client, heard: new Set(), end: undefined };
  client.subscribe(
    {
      query: 'subscription ($filter: ClusterFilter) { clusterChanged(filter: $filter) { name } }',
      variables: { filter },
    },
    {
      next: ({ data, errors }) => {
        const name = (data?.['clusterChanged'] as { name: string } | undefined)?.name;
        if (errors || name === undefined) listener.end = letterOf(errors);
        else listener.heard.add(name);
      },
      error: (error) => {
        listener.end = (error as CloseEvent).code === CloseCode.Forbidden ? 'U' : letterOf(error);
      },
      complete: () => {
        listener.end ??= '<ended>';
      },
    },
  );
  return listener;
}

function letterOf(error: unknown): string {
  return JSON.stringify(error).includes('"FORBIDDEN"') ? 'F' : '<error>';
}
