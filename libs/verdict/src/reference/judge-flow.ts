import type { Answer, DirectionAnswer, Verdict } from '../model/answer.ts';
import type { Input } from '../model/evaluator.ts';
import { FlowInvalid } from '../model/flow-errors.ts';
import type { Flow } from '../model/flow.ts';
import { DIRECTIONS } from '../model/policy.ts';
import { MAX_PORT } from '../model/protocol.ts';
import { DEFAULT_SEMANTICS, type Semantics } from '../model/semantics.ts';
import { endpointsOf, type Endpoint } from './endpoint.ts';
import { judgeDirection } from './judge-direction.ts';
import type { Transport } from './match-ports.ts';

/** Judges a flow; what its words leave open (replicas that differ, address families) is judged in every way and must agree. */
export function judgeFlow(input: Input, flow: Flow): Answer {
  refuseImpossible(flow);
  // "Reply traffic for those allowed connections will also be implicitly allowed" (documentation), so it goes the way of its connection.
  const [src, dst] = flow.reply ? [flow.dst, flow.src] : [flow.src, flow.dst];
  const sources = endpointsOf(src, input.inventory);
  const destinations = endpointsOf(dst, input.inventory);
  const answers = sources.flatMap((source) =>
    destinations.flatMap((destination) =>
      familiesOf(source, destination).map((family) =>
        judgeConnection(input, { source, destination, family, transport: flow }),
      ),
    ),
  );
  return agreement(answers);
}

export interface Connection {
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly family: 4 | 6;
  readonly transport: Transport;
}

/** One connection between two ends over one address family: both directions must allow it. */
export function judgeConnection(input: Input, connection: Connection): Answer {
  const { source, destination, family, transport } = connection;
  const semantics: Semantics = { ...DEFAULT_SEMANTICS, ...input.semantics };
  const exempt = exemption(source, destination, semantics);
  if (exempt) return answerOf(exempt, exempt);
  const [egress, ingress] = DIRECTIONS.map((direction) =>
    judgeDirection(input.policies, {
      direction,
      own: direction === 'egress' ? source : destination,
      peer: direction === 'egress' ? destination : source,
      transport,
      semantics,
      family,
    }),
  ) as [DirectionAnswer, DirectionAnswer];
  return answerOf(egress, ingress);
}

/** What stands before all policies, in both directions. */
function exemption(
  source: Endpoint,
  destination: Endpoint,
  semantics: Semantics,
): DirectionAnswer | undefined {
  for (const { kind, name } of [source, destination])
    if (kind === 'service') {
      const reason = `the address of service ${name} is replaced by a pod’s before policies see it: name the pod`;
      return { verdict: 'unknown', because: 'unknown', steps: [], unknown: [reason] };
    }
  // "A Pod cannot block access to itself" (documentation, Network Policies). The pods of a template are many.
  const isSelf =
    source.kind === 'pod' &&
    destination.kind === 'pod' &&
    source.workload === destination.workload &&
    source.workload.kind === 'Pod';
  if (isSelf && !semantics.judgeSelf)
    return { verdict: 'allowed', because: 'self', steps: [], unknown: [] };
  return undefined;
}

/** Families that both ends may use; an end without known addresses may use both. */
export function familiesOf(source: Endpoint, destination: Endpoint): (4 | 6)[] {
  const uses = ({ addresses }: Endpoint, family: 4 | 6): boolean =>
    addresses.length === 0 || addresses.some((address) => address.family === family);
  const shared = ([4, 6] as const).filter(
    (family) => uses(source, family) && uses(destination, family),
  );
  // Ends without a shared family cannot meet; the destination's says at least what its policies would do.
  return shared.length > 0
    ? shared
    : ([4, 6] as const).filter((family) => uses(destination, family));
}

function answerOf(egress: DirectionAnswer, ingress: DirectionAnswer): Answer {
  return { verdict: worst(egress.verdict, ingress.verdict), egress, ingress };
}

function worst(a: Verdict, b: Verdict): Verdict {
  if (a === 'denied' || b === 'denied') return 'denied';
  return a === 'unknown' || b === 'unknown' ? 'unknown' : 'allowed';
}

/** The first answer where all of them say the same, else unknown. */
function agreement(answers: readonly Answer[]): Answer {
  const directionOf = (direction: 'egress' | 'ingress'): DirectionAnswer => {
    const all = answers.map((answer) => answer[direction]);
    const [first] = all;
    if (first && all.every(({ verdict }) => verdict === first.verdict)) return first;
    const unknown = [...new Set(all.flatMap((answer) => answer.unknown)), DIFFERS];
    return { verdict: 'unknown', because: 'unknown', steps: [], unknown };
  };
  const verdicts = new Set(answers.map(({ verdict }) => verdict));
  const [verdict = 'unknown'] = verdicts;
  return {
    verdict: verdicts.size === 1 ? verdict : 'unknown',
    egress: directionOf('egress'),
    ingress: directionOf('ingress'),
  };
}

const DIFFERS =
  'the verdict is not the same for all pods or address families that the flow may mean';

function refuseImpossible({ protocol, port, icmp }: Flow): void {
  const hasPorts = protocol === 'TCP' || protocol === 'UDP' || protocol === 'SCTP';
  if (!hasPorts && port !== undefined) throw new FlowInvalid(`${protocol} has no ports`);
  if (hasPorts && !(Number.isInteger(port) && Number(port) >= 1 && Number(port) <= MAX_PORT))
    throw new FlowInvalid(`A ${protocol} flow needs a port from 1 to ${MAX_PORT}, not ${port}`);
  // "Type" and "Code" are one octet each (RFC 792).
  for (const [name, value] of Object.entries(icmp ?? {}))
    if (!hasPorts && !(Number.isInteger(value) && value >= 0 && value <= MAX_ICMP))
      throw new FlowInvalid(`An ICMP ${name} is a number from 0 to ${MAX_ICMP}, not ${value}`);
}

const MAX_ICMP = 255;
