import { describe, expect, it } from '@jest/globals';
import {
  allowWorkload,
  deniedBy,
  denyNamespace,
  isolateNamespace,
  isolateWorkload,
  parseNamespacePolicy,
  type DenialOutcome,
  type NetworkPolicySpec,
  type WrittenPolicy,
} from '@picket/policy';
import { parseObjects, referenceEvaluator, type Flow } from '@picket/verdict';

// Who is there: two pods in each of three namespaces, DNS, and an address outside.
const PODS: Readonly<Record<string, string>> = {
  'shop/web': '10.0.0.1',
  'shop/api': '10.0.0.2',
  'bank/web': '10.0.0.3',
  'bank/api': '10.0.0.4',
  'mail/web': '10.0.0.5',
  'kube-system/dns': '10.0.0.9',
};
const OUTSIDE = ['192.0.2.7', '2001:db8::7'];
const PORTS = ['TCP 80', 'TCP 443', 'UDP 53', 'UDP 80'];
const POD_NETWORKS = ['10.0.0.0/16', 'fd00::/8'];

interface Standing {
  readonly namespace: string;
  readonly name: string;
  readonly spec: NetworkPolicySpec;
}
const placed = ({ namespace = 'shop', name, spec }: WrittenPolicy): Standing => ({
  namespace,
  name,
  spec,
});

const all = Object.keys(PODS).flatMap((src) => [
  ...Object.keys(PODS)
    .filter((dst) => dst !== src)
    .map((dst) => [src, dst] as const),
  ...OUTSIDE.flatMap((address) => [[src, address] as const, [address, src] as const]),
]);

/** `src → dst: ports` of everything that is allowed. */
function allowed(...policies: readonly Standing[]): string[] {
  for (const { spec } of policies) expect(parseNamespacePolicy(spec).problems).toEqual([]);
  const objects = [
    ...Object.entries(PODS).map(([id, podIP]) => {
      const [namespace, name = ''] = id.split('/');
      const labels = name === 'dns' ? { 'k8s-app': 'kube-dns' } : { app: name };
      return {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace, name, labels },
        spec: {},
        status: { podIP, podIPs: [{ ip: podIP }, { ip: `fd00::${podIP.split('.')[3]}` }] },
      };
    }),
    ...policies.map(({ namespace, name, spec }) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace, name },
      spec,
    })),
  ];
  const evaluator = referenceEvaluator(parseObjects(objects.map((value) => ({ value }))));
  return all.flatMap(([src, dst]) => {
    const open = PORTS.filter(
      (port) => evaluator.judge(flowOf(src, dst, port)).verdict === 'allowed',
    );
    return open.length === 0
      ? []
      : [`${src} → ${dst}: ${open.length === PORTS.length ? 'all' : open.join(', ')}`];
  });
}

function flowOf(src: string, dst: string, port: string): Flow {
  const [protocol, number] = port.split(' ');
  const peer = (id: string): Flow['src'] => (id.includes('/') ? { workload: id } : { address: id });
  return { src: peer(src), dst: peer(dst), protocol: protocol as 'TCP', port: Number(number) };
}

const EVERYTHING = allowed();
const touches = (line: string, namespace: string): boolean =>
  line
    .split(/ → |: /)
    .slice(0, 2)
    .some((end) => end.startsWith(`${namespace}/`));
/** What stays as it was because it has nothing to do with a namespace. */
const elsewhere = (namespace: string): string[] =>
  EVERYTHING.filter((line) => !touches(line, namespace));
const sorted = (lines: readonly string[]): string[] => lines.toSorted();

describe('isolateNamespace', () => {
  it('allows inside and DNS, denies the rest, and leaves other namespaces alone', () => {
    const now = allowed(placed(isolateNamespace({ namespace: 'shop' })));

    expect(sorted(now)).toEqual(
      sorted([
        ...elsewhere('shop'),
        'shop/web → shop/api: all',
        'shop/api → shop/web: all',
        'shop/web → kube-system/dns: UDP 53',
        'shop/api → kube-system/dns: UDP 53',
      ]),
    );
  });

  it('keeps its openings, each in its direction and on its ports', () => {
    const now = allowed(
      placed(
        isolateNamespace({
          namespace: 'shop',
          openings: [
            { direction: 'ingress', namespace: 'mail', ports: [{ protocol: 'TCP', port: 80 }] },
            { direction: 'egress', namespace: 'bank', labels: { app: 'api' } },
            { direction: 'egress', cidr: '192.0.2.0/24', ports: [{ port: 443 }] },
            { direction: 'ingress', cidr: '2001:db8::/32' },
          ],
        }),
      ),
    ).filter((line) => touches(line, 'shop') && !line.includes('dns') && !/shop.*shop/.test(line));

    expect(sorted(now)).toEqual(
      sorted(
        ['web', 'api'].flatMap((pod) => [
          `mail/web → shop/${pod}: TCP 80`,
          `shop/${pod} → bank/api: all`,
          `shop/${pod} → 192.0.2.7: TCP 443`,
          `2001:db8::7 → shop/${pod}: all`,
        ]),
      ),
    );
  });
});

describe('isolateWorkload', () => {
  it('lets the workload reach DNS and nothing else, and nothing reach it', () => {
    const now = allowed(placed(isolateWorkload({ namespace: 'shop', labels: { app: 'api' } })));
    const api = (line: string): boolean => line.includes('shop/api');

    expect(sorted(now)).toEqual(
      sorted([...EVERYTHING.filter((line) => !api(line)), 'shop/api → kube-system/dns: UDP 53']),
    );
  });

  it('keeps its openings, to pods of its own namespace too', () => {
    const now = allowed(
      placed(
        isolateWorkload({
          namespace: 'shop',
          labels: { app: 'api' },
          openings: [{ direction: 'ingress', labels: { app: 'web' }, ports: [{ port: 443 }] }],
        }),
      ),
    );

    expect(now.filter((line) => line.includes('→ shop/api'))).toEqual([
      'shop/web → shop/api: TCP 443',
    ]);
  });

  it('is one policy for the same labels, another for others', () => {
    const name = (labels: Record<string, string>, namespace?: string): string =>
      isolateWorkload({ labels, ...(namespace !== undefined && { namespace }) }).name;

    expect(name({ app: 'a', tier: 'b' })).toBe(name({ tier: 'b', app: 'a' }));
    expect(
      new Set([
        name({ app: 'a' }),
        name({ app: 'b' }),
        name({ app: 'a' }, 'shop'),
        name({ App: 'a' }),
      ]).size,
    ).toBe(4);
    expect(name({ app: 'My_App.v1-'.padEnd(63, 'x') })).toMatch(
      /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])$/,
    );
  });
});

describe('allowWorkload', () => {
  const source = { namespace: 'bank', labels: { app: 'web' } };
  const target = { namespace: 'shop', labels: { app: 'api' } };
  const ports = [{ protocol: 'TCP' as const, port: 443 }];
  const shop = placed(isolateNamespace({ namespace: 'shop' }));
  const bank = placed(isolateNamespace({ namespace: 'bank' }));

  it.each([
    ['only the target', [shop]],
    ['both', [shop, bank]],
  ])('opens just that where %s is isolated', (_, standing) => {
    const { policies, problems } = allowWorkload({
      source,
      target,
      ports,
      standing: {
        source: standing.filter(({ namespace }) => namespace === 'bank'),
        target: standing.filter(({ namespace }) => namespace === 'shop'),
      },
    });

    expect(problems).toEqual([]);
    expect(policies).toHaveLength(standing.length);
    const before = allowed(...standing);
    const now = allowed(...standing, ...policies.map(placed));
    expect(now.filter((line) => !before.includes(line))).toEqual(['bank/web → shop/api: TCP 443']);
    expect(before.filter((line) => !now.includes(line))).toEqual([]);
  });

  it('works inside one namespace, and for all ports', () => {
    const standing = [placed(isolateWorkload({ namespace: 'shop', labels: { app: 'api' } }))];
    const { policies } = allowWorkload({
      source: { ...target, labels: { app: 'web' } },
      target,
      standing: { source: standing, target: standing },
    });

    const before = allowed(...standing);
    const now = allowed(...standing, ...policies.map(placed));
    expect(now.filter((line) => !before.includes(line))).toEqual(['shop/web → shop/api: all']);
  });

  it('says so when it is the first to isolate the target', () => {
    const { policies, problems } = allowWorkload({
      source,
      target,
      ports,
      standing: { source: [], target: [] },
    });

    expect(problems.map(({ code, severity }) => [code, severity])).toEqual([
      ['TARGET_ISOLATED', 'warning'],
    ]);
    expect(allowed(...policies.map(placed)).filter((line) => line.includes('→ shop/api'))).toEqual([
      'bank/web → shop/api: TCP 443',
    ]);
  });

  it('isolates no source that is open, and says so where some of its pods are closed', () => {
    const some = {
      podSelector: { matchLabels: { app: 'web', version: 'two' } },
      policyTypes: ['Egress' as const],
    };
    const { policies, problems } = allowWorkload({
      source,
      target,
      ports,
      standing: { source: [{ name: 'close-two', spec: some }], target: [shop] },
    });

    expect(policies).toHaveLength(1);
    expect(problems.map(({ code, message }) => [code, message.includes('close-two')])).toEqual([
      ['SOURCE_PARTLY_ISOLATED', true],
    ]);
  });

  it('gives the same policies when it is asked twice', () => {
    const first = allowWorkload({
      source,
      target,
      ports,
      standing: { source: [bank], target: [shop] },
    }).policies;
    const mine = (namespace: string) =>
      first.map(placed).filter((policy) => policy.namespace === namespace);

    expect(
      allowWorkload({
        source,
        target,
        ports,
        standing: { source: [bank, ...mine('bank')], target: [shop, ...mine('shop')] },
      }).policies,
    ).toEqual(first);
  });
});

describe('denyNamespace', () => {
  const deny = (source: string, ...standing: Standing[]): DenialOutcome =>
    denyNamespace({ source, target: 'shop', podNetworks: POD_NETWORKS, standing });
  function written(outcome: DenialOutcome): Standing {
    if (outcome.outcome !== 'write') throw new Error(JSON.stringify(outcome));
    return placed(outcome.policy);
  }
  const refusal = (outcome: DenialOutcome): string =>
    outcome.outcome === 'refused' ? outcome.problem.code : outcome.outcome;
  const into = (namespace: string) => (line: string) =>
    line.startsWith(`${namespace}/`) && line.includes('→ shop/');

  it('keeps one namespace out and nothing else, also where pods are matched by address', () => {
    const now = allowed(written(deny('bank')));

    expect(now).toEqual(EVERYTHING.filter((line) => !into('bank')(line)));
  });

  it('merges with denials that stand, in whatever order they came', () => {
    const both = written(deny('mail', written(deny('bank'))));

    expect(allowed(both)).toEqual(
      EVERYTHING.filter((line) => !into('bank')(line) && !into('mail')(line)),
    );
    expect(written(deny('bank', written(deny('mail'))))).toEqual(both);
    expect(written(deny('bank', both))).toEqual(both);
    expect(deniedBy(both.spec)).toEqual(['bank', 'mail']);
  });

  it('writes nothing where all of the target is isolated and nobody lets the source in', () => {
    const isolated = placed(isolateNamespace({ namespace: 'shop' }));

    expect(deny('bank', isolated)).toEqual({ outcome: 'denied', by: isolated.name });
    expect(allowed(isolated).filter(into('bank'))).toEqual([]);
  });

  const closed: NetworkPolicySpec = { podSelector: {}, policyTypes: ['Ingress'] };
  it.each<[string, NetworkPolicySpec]>([
    ['an empty rule', { ...closed, ingress: [{}] }],
    ['all namespaces', { ...closed, ingress: [{ from: [{ namespaceSelector: {} }] }] }],
    [
      'its name',
      {
        ...closed,
        ingress: [
          {
            from: [
              { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'bank' } } },
            ],
          },
        ],
      },
    ],
    [
      'a label that it may have',
      { ...closed, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'x' } } }] }] },
    ],
    ['addresses of pods', { ...closed, ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] }],
    [
      'some pods only, on one port',
      {
        podSelector: { matchLabels: { app: 'api' } },
        ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 1 }] }],
      },
    ],
  ])('names the policy that lets the source in by %s', (_, spec) => {
    const outcome = deny('bank', { namespace: 'shop', name: 'way-in', spec });

    expect(outcome).toMatchObject({ outcome: 'refused', problem: { code: 'DENIAL_VOID' } });
    expect(outcome).toMatchObject({
      problem: { message: expect.stringContaining('policy way-in') },
    });
    expect(outcome).toMatchObject({
      problem: { message: expect.stringContaining('spec.ingress[0]') },
    });
  });

  it('is not kept from its work by what lets others in', () => {
    const spec: NetworkPolicySpec = {
      ...closed,
      ingress: [
        { from: [{ podSelector: {} }, { ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }] },
        {
          from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'mail' } } }],
        },
      ],
    };
    const standing = { namespace: 'shop', name: 'others', spec };

    expect(deny('bank', standing)).toEqual({ outcome: 'denied', by: 'others' });
    expect(allowed(standing).filter(into('bank'))).toEqual([]);
    expect(
      refusal(deny('bank', { ...standing, spec: { policyTypes: ['Egress'], egress: [{}] } })),
    ).toBe('write');
  });

  it('does not open what another policy isolates in some clusters', () => {
    const isolated = placed(isolateNamespace({ namespace: 'shop' }));

    expect(refusal(deny('bank', { ...isolated, isSure: false } as Standing))).toBe('DENIAL_OPENS');
  });

  it('does not open pods that another policy isolates', () => {
    const standing = placed(isolateWorkload({ namespace: 'shop', labels: { app: 'api' } }));

    expect(refusal(deny('bank', standing))).toBe('DENIAL_OPENS');
  });

  it('asks for the addresses of pods, and denies no namespace to itself', () => {
    expect(refusal(deny('shop'))).toBe('DENIES_ITSELF');
    expect(
      refusal(denyNamespace({ source: 'bank', target: 'shop', podNetworks: [], standing: [] })),
    ).toBe('POD_NETWORKS_MISSING');
  });
});
