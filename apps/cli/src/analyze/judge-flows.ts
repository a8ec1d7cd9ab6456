import { DomainError } from '@picket/kernel';
import type { DirectionAnswer, Engine, Flow, FlowPeer, Verdict } from '@picket/verdict';

import type { FlowTable } from './flow-table.ts';
import { InputRejected, type InputProblem, PROBLEMS_MAX } from './input-rejected.ts';
import { PROTOCOLS, VERDICTS } from './read-flow.ts';
import { flowProblem } from './read-flows.ts';

/** A flow and what was decided about it. Equal decisions are the same object, except where one is unknown. */
export interface JudgedFlow {
  readonly flow: Flow;
  readonly src: string;
  readonly dst: string;
  readonly verdict: Verdict;
  readonly isExpected: boolean;
  readonly egress: DirectionAnswer;
  readonly ingress: DirectionAnswer;
}

/** Flows that are judged at once. */
const BATCH = 16_384;

/** Judges the flows in their order. `file` is where they come from. Throws InputRejected, before the first, when one names a peer that is not there. */
export function judgeFlows(engine: Engine, flows: FlowTable, file: string): Iterable<JudgedFlow> {
  return judged(engine, flows, idsOf(engine, flows, file));
}

function* judged(engine: Engine, flows: FlowTable, ids: Uint32Array): Generator<JudgedFlow> {
  const verdicts = new Uint8Array(BATCH);
  const decisions = { egress: new Uint32Array(BATCH), ingress: new Uint32Array(BATCH) };
  const peers = flows.peers.map(peerOf);
  for (let start = 0; start < flows.count; start += BATCH) {
    const end = Math.min(start + BATCH, flows.count);
    const columns = {
      src: flows.src.subarray(start, end).map((place) => ids[place] ?? 0),
      dst: flows.dst.subarray(start, end).map((place) => ids[place] ?? 0),
      protocol: flows.protocol.subarray(start, end),
      port: flows.port.subarray(start, end),
    };
    engine.judgeBatch(columns, { verdicts, decisions });
    for (let place = start; place < end; place++) {
      const at = place - start;
      const [src = 0, dst = 0] = [flows.src[place], flows.dst[place]];
      const port = flows.port[place] ?? 0;
      const flow: Flow = {
        src: peers[src] ?? NOBODY,
        dst: peers[dst] ?? NOBODY,
        protocol: PROTOCOLS[flows.protocol[place] ?? 0] ?? 'TCP',
        ...(port > 0 && { port }),
      };
      const egress = engine.decision(decisions.egress[at] ?? 0);
      const ingress = engine.decision(decisions.ingress[at] ?? 0);
      // Reasons name the ends of this flow.
      const isUnknown = egress.verdict === 'unknown' || ingress.verdict === 'unknown';
      yield {
        flow,
        src: flows.peers[src] ?? '',
        dst: flows.peers[dst] ?? '',
        verdict: VERDICTS[verdicts[at] ?? 0] ?? 'unknown',
        isExpected: verdicts[at] === flows.expect[place],
        ...(isUnknown ? engine.judge(flow) : { egress, ingress }),
      };
    }
  }
}

const NOBODY: FlowPeer = { address: '' };

/** An address, or a workload, which has a slash in its name. */
export function peerOf(text: string): FlowPeer {
  return text.includes('/') ? { workload: text } : { address: text };
}

/** Of each peer, the number that the engine gave it. */
function idsOf(engine: Engine, flows: FlowTable, file: string): Uint32Array {
  const faults = new Map<number, DomainError>();
  const ids = Uint32Array.from(flows.peers, (peer, place) => {
    try {
      return engine.idOf(peerOf(peer));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      faults.set(place, error);
      return 0;
    }
  });
  if (faults.size > 0) throw new InputRejected(problemsOf(flows, faults, file));
  return ids;
}

function problemsOf(
  flows: FlowTable,
  faults: ReadonlyMap<number, DomainError>,
  file: string,
): InputProblem[] {
  const problems: InputProblem[] = [];
  for (let place = 0; place < flows.count && problems.length < PROBLEMS_MAX; place++)
    for (const path of ['src', 'dst'] as const) {
      const fault = faults.get(flows[path][place] ?? 0);
      if (fault)
        problems.push(
          flowProblem(file, flows.line[place] ?? 0, {
            path,
            code: fault.code,
            message: fault.message,
          }),
        );
    }
  return problems;
}
