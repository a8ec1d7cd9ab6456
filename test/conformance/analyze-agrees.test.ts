import { describe, expect, it } from '@jest/globals';
import {
  compile,
  diffConnectivity,
  type DirectionAnswer,
  type Flow,
  type FlowPeer,
} from '@picket/verdict';
import * as fc from 'fast-check';

import { answersText } from '../../apps/cli/src/analyze/answers-text.ts';
import { changesText } from '../../apps/cli/src/analyze/changes-text.ts';
import { FlowTable } from '../../apps/cli/src/analyze/flow-table.ts';
import { judgeFlows } from '../../apps/cli/src/analyze/judge-flows.ts';
import { readFlow } from '../../apps/cli/src/analyze/read-flow.ts';
import { rowsText } from '../../apps/cli/src/analyze/rows-text.ts';
import { flowsIn, input } from '../support/verdict/arbitrary-input.ts';

/** More with PICKET_RUNS, for a long search. */
const numRuns = Number(process.env['PICKET_RUNS'] ?? 300);

describe('picket analyze writes what the engine says', () => {
  it('about any flows that a line can hold', () => {
    const asked = input.chain((of) =>
      fc.record({ of: fc.constant(of), flows: flowsIn(of.inventory) }),
    );
    fc.assert(
      fc.property(asked, ({ of, flows: all }) => {
        const engine = compile(of);
        const flows = all.map(asLineHolds);
        const table = new FlowTable();
        for (const [index, flow] of flows.entries()) table.add(readFlow(lineOf(flow)), index + 1);

        const text = [...answersText('json', judgeFlows(engine, table, 'flows'))].join('');

        const expected = flows.map((flow) => {
          const { verdict, egress, ingress } = engine.judge(flow);
          return { verdict, egress: decisive(egress), ingress: decisive(ingress) };
        });
        expect(linesIn(text)).toEqual(expected);
      }),
      { numRuns },
    );
  });

  it('about who reaches whom', () => {
    fc.assert(
      fc.property(input, (of) => {
        const engine = compile(of);

        const text = [...rowsText('json', engine.connectivityRows(), [])].join('');

        expect(JSON.parse(text)).toEqual(engine.connectivity());
      }),
      { numRuns },
    );
  });

  it('about what differs', () => {
    fc.assert(
      fc.property(input, input, (one, other) => {
        const changes = [...diffConnectivity(compile(one), compile(other))];

        const text = [...changesText('json', changes)].join('');

        const nothing = { TCP: [], UDP: [], SCTP: [] };
        expect(JSON.parse(text)).toEqual(
          changes.map(({ src, dst, change, before, after }) => ({
            src,
            dst,
            change,
            before: before?.connections ?? nothing,
            after: after?.connections ?? nothing,
            ...(before?.unknown && { unknownBefore: before.unknown }),
            ...(after?.unknown && { unknownAfter: after.unknown }),
          })),
        );
      }),
      { numRuns: numRuns / 3 },
    );
  });
});

/** Without what a line cannot say: names of addresses, types of ICMP, replies. */
function asLineHolds({ src, dst, protocol, port }: Flow): Flow {
  const plain = (peer: FlowPeer): FlowPeer =>
    'address' in peer ? { address: peer.address } : { workload: peer.workload };
  return { src: plain(src), dst: plain(dst), protocol, ...(port !== undefined && { port }) };
}

function lineOf({ src, dst, protocol, port }: Flow): string {
  const name = (peer: FlowPeer): string => ('address' in peer ? peer.address : peer.workload);
  return JSON.stringify({ src: name(src), dst: name(dst), protocol, port });
}

function decisive({ verdict, tier, policy, rule, unknown }: DirectionAnswer): object {
  return JSON.parse(
    JSON.stringify({ verdict, tier, policy, rule, ...(verdict === 'unknown' && { unknown }) }),
  ) as object;
}

function linesIn(text: string): unknown[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line): unknown => JSON.parse(line));
}
