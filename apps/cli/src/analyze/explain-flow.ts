import { DomainError } from '@picket/kernel';
import {
  type Engine,
  type Explanation,
  type Flow,
  type FlowPeer,
  compile,
  explain,
  explanationText,
} from '@picket/verdict';
import { stringify } from 'yaml';

import { oneLine } from '../output/render.ts';
import { InputRejected } from './input-rejected.ts';
import { peerOf } from './judge-flows.ts';
import type { OutputFormat } from './output-format.ts';
import type { Question } from './question.ts';
import { readCluster } from './read-cluster.ts';
import { NotAFlow, readFlow } from './read-flow.ts';

/** The connection that the flags name. */
export interface NamedFlow {
  readonly src: string;
  readonly dst: string;
  readonly protocol: string;
  readonly port?: number;
}

/** Why a connection is allowed or not, and the smallest change that would allow it. Throws InputRejected. */
export async function explainFlow(
  { paths, semantics, output, onFinding, warn }: Question<Extract<OutputFormat, 'txt' | 'json'>>,
  named: NamedFlow,
): Promise<Iterable<string>> {
  const input = { ...(await readCluster(paths, warn)), semantics };
  const flow = flowOf(named);
  const engine = compile(input);
  for (const path of ['src', 'dst'] as const) refuseUnknown(engine, path, flow[path]);
  const explanation = explain(engine, input, flow);
  if (explanation.verdict !== 'allowed') onFinding();
  return output === 'json' ? [`${JSON.stringify(explanation, null, 2)}\n`] : texts(explanation);
}

/** The words, then the manifests that they speak of. */
function* texts(explanation: Explanation): Generator<string> {
  for (const line of explanationText(explanation)) yield `${oneLine(line)}\n`;
  for (const { manifest } of explanation.remedy?.additions ?? [])
    yield `---\n${stringify(manifest)}`;
}

/** Faults of a flow that stands on the command line. */
const FILE = 'command line';

function flowOf(named: NamedFlow): Flow {
  try {
    const { src, dst, protocol, port } = readFlow(JSON.stringify(named));
    return { src: peerOf(src), dst: peerOf(dst), protocol, ...(port !== undefined && { port }) };
  } catch (error) {
    if (!(error instanceof NotAFlow)) throw error;
    const { path, code, message } = error;
    throw new InputRejected([{ file: FILE, path, code, message }]);
  }
}

function refuseUnknown(engine: Engine, path: 'src' | 'dst', peer: FlowPeer): void {
  try {
    engine.idOf(peer);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const { code, message } = error;
    throw new InputRejected([{ file: FILE, path, code, message }]);
  }
}
