import { describe, expect, it } from '@jest/globals';
import {
  compile,
  diffConnectivity,
  NETWORK_POLICY,
  type ConnectivityRow,
  type Engine,
  type Flow,
  type Policy,
} from '@picket/verdict';
import * as fc from 'fast-check';

import {
  flowsIn,
  input,
  nameOf,
  peer,
  policies,
  policy,
  sorted,
} from '../support/verdict/arbitrary-input.ts';
import { describeLaws } from '../support/verdict/describe-laws.ts';

const numRuns = Number(process.env['PICKET_RUNS'] ?? 200);

const asked = input.chain((of) => fc.record({ of: fc.constant(of), flows: flowsIn(of.inventory) }));

function verdicts(engine: Engine, flows: readonly Flow[]): unknown[] {
  return flows.map((flow) => engine.judge(flow));
}

describeLaws('engine', compile);

describe('laws of the engine', () => {
  it('adding an allow rule to a NetworkPolicy that already isolates never denies', () => {
    const edited = asked.chain(({ of, flows }) =>
      fc.record({
        of: fc.constant(of),
        flows: fc.constant(flows),
        place: fc.nat({ max: 4 }),
        peers: fc.array(peer, { maxLength: 2 }),
      }),
    );
    fc.assert(
      fc.property(edited, ({ of, flows, place, peers }) => {
        const { policies: all } = of;
        const chosen = all[place];
        if (chosen?.tier !== NETWORK_POLICY || !isNetworkPolicy(chosen) || !chosen.ingress) return;
        const rules = [
          ...chosen.ingress.rules,
          { index: chosen.ingress.rules.length, action: 'Accept' as const, peers },
        ];
        const wider = { ...chosen, ingress: { ...chosen.ingress, rules } };
        // Others in the tier must not judge before it: only NetworkPolicies are additive.
        const plain = all.filter((each) => each.tier !== NETWORK_POLICY || isNetworkPolicy(each));
        const before = compile({ ...of, policies: plain });
        const after = compile({
          ...of,
          policies: plain.map((each) => (each === chosen ? wider : each)),
        });
        for (const flow of flows)
          if (before.judge(flow).verdict === 'allowed')
            expect(after.judge(flow).verdict).toBe('allowed');
      }),
      { numRuns: numRuns * 4 },
    );
  });

  it('the order in which policies are listed never matters', () => {
    fc.assert(
      fc.property(asked, ({ of, flows }) => {
        const turned = compile({ ...of, policies: of.policies.toReversed() });
        expect(verdicts(turned, flows)).toEqual(verdicts(compile(of), flows));
      }),
      { numRuns },
    );
  });

  it('the order in which workloads are listed never changes who reaches whom', () => {
    fc.assert(
      fc.property(input, (of) => {
        const { inventory } = of;
        const workloads = inventory.workloads.toReversed();
        const turned = compile({ ...of, inventory: { ...inventory, workloads } });
        expect(turned.connectivity()).toEqual(compile(of).connectivity());
      }),
      { numRuns },
    );
  });

  it('NetworkPolicies equal their rules split over more NetworkPolicies', () => {
    fc.assert(
      fc.property(asked, ({ of, flows }) => {
        const split = compile({ ...of, policies: of.policies.flatMap(splitRules) });
        const whole = compile(of);
        for (const flow of flows) {
          const { verdict, egress, ingress } = split.judge(flow);
          const answer = whole.judge(flow);
          expect([verdict, egress.verdict, ingress.verdict]).toEqual([
            answer.verdict,
            answer.egress.verdict,
            answer.ingress.verdict,
          ]);
        }
      }),
      { numRuns },
    );
  });

  it('connectivity agrees with judge on every port of every pair', () => {
    const probes = input.chain((of) =>
      fc.record({ of: fc.constant(of), flows: flowsIn(of.inventory) }),
    );
    fc.assert(
      fc.property(probes, ({ of, flows }) => {
        const engine = compile(of);
        const rows = engine.connectivity();
        const owners = new Set(of.inventory.workloads.map(({ owner }) => owner));
        for (const flow of flows) {
          const { src, dst, protocol, port } = flow;
          if (!('workload' in src && 'workload' in dst) || flow.reply || port === undefined)
            continue;
          if (!owners.has(src.workload) || !owners.has(dst.workload)) continue;
          if (src.workload === dst.workload) continue;
          const row = rows.find((each) => each.src === src.workload && each.dst === dst.workload);
          const { verdict } = engine.judge(flow);
          if (verdict === 'allowed') expect(has(row, protocol, port)).toBe(true);
          if (verdict === 'denied') expect(has(row, protocol, port)).toBe(false);
        }
      }),
      { numRuns },
    );
  });

  it('judgeBatch says what judge says', () => {
    fc.assert(
      fc.property(asked, ({ of, flows: all }) => {
        const engine = compile(of);
        const flows = all.filter(({ icmp, reply }) => !icmp && !reply);
        const columns = columnsOf(engine, flows);
        const verdictColumn = new Uint8Array(flows.length);
        const decisions = {
          egress: new Uint32Array(flows.length),
          ingress: new Uint32Array(flows.length),
        };

        engine.judgeBatch(columns, { verdicts: verdictColumn, decisions });

        for (const [place, flow] of flows.entries()) {
          const answer = engine.judge(flow);
          expect(VERDICTS[verdictColumn[place]!]).toBe(answer.verdict);
          for (const direction of ['egress', 'ingress'] as const) {
            const decision = engine.decision(decisions[direction][place]!);
            expect(decision).toEqual({ ...answer[direction], unknown: decision.unknown });
          }
        }
      }),
      { numRuns },
    );
  });

  it('recompile equals compile from scratch, through several edits, and leaves the engine before as it was', () => {
    const edits = fc.array(
      fc.record({ set: fc.array(policy, { maxLength: 2 }), remove: fc.nat({ max: 4 }) }),
      { minLength: 1, maxLength: 3 },
    );
    const edited = asked.chain((all) => fc.record({ all: fc.constant(all), edits }));
    fc.assert(
      fc.property(edited, ({ all: { of, flows }, edits: wanted }) => {
        let engine = compile(of);
        let current = [...of.policies];
        for (const { set, remove } of wanted) {
          const before = verdicts(engine, flows);
          const { next, change } = editOf(current, set, remove);

          const after = engine.recompile(change);

          const scratch = compile({ ...of, policies: next });
          expect(verdicts(after, flows)).toEqual(verdicts(scratch, flows));
          expect(after.connectivity()).toEqual(scratch.connectivity());
          expect(verdicts(engine, flows)).toEqual(before);
          engine = after;
          current = next;
        }
      }),
      { numRuns },
    );
  });

  it('two edits of one engine do not disturb each other', () => {
    const edited = asked.chain((all) =>
      fc.record({ all: fc.constant(all), one: policy, other: policy }),
    );
    fc.assert(
      fc.property(edited, ({ all: { of, flows }, one, other }) => {
        const engine = compile(of);
        const left = engine.recompile({ policies: [one] });
        const right = engine.recompile({ policies: [other] });
        const further = left.recompile({ policies: [other] });

        const scratch = (more: Policy[]): unknown[] => {
          const names = new Set(more.map(nameOf));
          const kept = of.policies.filter((each) => !names.has(nameOf(each)));
          return verdicts(compile({ ...of, policies: sorted([...kept, ...more]) }), flows);
        };
        expect(verdicts(right, flows)).toEqual(scratch([other]));
        expect(verdicts(left, flows)).toEqual(scratch([one]));
        if (nameOf(one) !== nameOf(other))
          expect(verdicts(further, flows)).toEqual(scratch([one, other]));
      }),
      { numRuns },
    );
  });
});

describe('laws of the difference', () => {
  it('nothing differs from itself, compiled twice', () => {
    fc.assert(
      fc.property(input, (of) => {
        expect([...diffConnectivity(compile(of), compile(of))]).toEqual([]);
      }),
      { numRuns },
    );
  });

  it('the rows before and the changes make the rows after, for pairs of workloads', () => {
    const pair = fc.record({ of: input, next: policies });
    fc.assert(
      fc.property(pair, ({ of, next }) => {
        const before = compile(of);
        const scratch = compile({ ...of, policies: next });
        expect(applied(before, scratch)).toEqual(pairRows(scratch.connectivity()));
      }),
      { numRuns },
    );
  });

  it('an edit differs as much as the same policies compiled from scratch', () => {
    const edited = fc.record({ of: input, set: policy });
    fc.assert(
      fc.property(edited, ({ of, set }) => {
        const before = compile(of);
        const { next, change } = editOf([...of.policies], [set], 9);
        const scratch = compile({ ...of, policies: next });
        expect([...diffConnectivity(before, before.recompile(change))]).toEqual([
          ...diffConnectivity(before, scratch),
        ]);
      }),
      { numRuns },
    );
  });
});

const VERDICTS = ['allowed', 'denied', 'unknown'] as const;
const PROTOCOLS = ['TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6'];

function columnsOf(engine: Engine, flows: readonly Flow[]): Parameters<Engine['judgeBatch']>[0] {
  return {
    src: Uint32Array.from(flows, ({ src }) => engine.idOf(src)),
    dst: Uint32Array.from(flows, ({ dst }) => engine.idOf(dst)),
    protocol: Uint8Array.from(flows, ({ protocol }) => PROTOCOLS.indexOf(protocol)),
    port: Uint16Array.from(flows, ({ port }) => port ?? 0),
  };
}

function isNetworkPolicy({ id }: Policy): boolean {
  return id.kind === 'NetworkPolicy';
}

/** One policy per rule and direction, and one that only isolates. */
function splitRules(whole: Policy): Policy[] {
  if (!isNetworkPolicy(whole)) return [whole];
  const parts: Policy[] = [{ ...whole, ...emptied(whole) }];
  for (const direction of ['egress', 'ingress'] as const)
    for (const rule of whole[direction]?.rules ?? []) {
      const { egress: _, ingress: __, ...rest } = whole;
      const list = { ...whole[direction]!, rules: [rule] };
      const name = `${whole.id.name}-${direction}-${rule.index}`;
      parts.push({ ...rest, id: { ...whole.id, name }, [direction]: list });
    }
  return parts;
}

function emptied({ egress, ingress }: Policy): Pick<Policy, 'egress' | 'ingress'> {
  return {
    ...(egress && { egress: { ...egress, rules: [] } }),
    ...(ingress && { ingress: { ...ingress, rules: [] } }),
  };
}

function editOf(
  current: readonly Policy[],
  set: readonly Policy[],
  remove: number,
): { next: Policy[]; change: Parameters<Engine['recompile']>[0] } {
  const added = [...new Map(set.map((each) => [nameOf(each), each])).values()];
  const names = new Set(added.map(nameOf));
  const gone = current[remove];
  const kept = current.filter((each) => each !== gone && !names.has(nameOf(each)));
  return {
    next: sorted([...kept, ...added]),
    change: { policies: added, remove: gone ? [gone.id] : [] },
  };
}

function has(row: ConnectivityRow | undefined, protocol: string, port: number): boolean {
  const ranges = row?.connections[protocol as 'TCP'] ?? [];
  return ranges.some(([first, last]) => first <= port && port <= last);
}

function pairRows(rows: readonly ConnectivityRow[]): Map<string, unknown> {
  const pairs = new Map<string, unknown>();
  for (const { src, dst, ...reach } of rows)
    if (src.includes('/') && dst.includes('/')) pairs.set(`${src} ${dst}`, reach);
  return new Map([...pairs].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function applied(before: Engine, after: Engine): Map<string, unknown> {
  const pairs = pairRows(before.connectivity());
  for (const { src, dst, after: reach } of diffConnectivity(before, after)) {
    if (!src.includes('/') || !dst.includes('/')) continue;
    if (reach) pairs.set(`${src} ${dst}`, reach);
    else pairs.delete(`${src} ${dst}`);
  }
  return new Map([...pairs].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
