import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';

import { runPicket, type Outcome } from './run-picket.ts';

const root = mkdtempSync(path.join(tmpdir(), 'picket-analyze-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;

/** A new folder with these files. */
function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = path.join(root, String(folders++));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

function analyze(args: readonly string[], input?: string): Promise<Outcome> {
  return runPicket(['analyze', ...args], { cwd: root, ...(input !== undefined && { input }) });
}

const WORKLOADS = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: main, ports: [{ name: http, containerPort: 8080 }] }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db, namespace: shop }
spec:
  template: { metadata: { labels: { app: db } } }
`;

function policy(port: number | string, more = ''): string {
  return `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db, namespace: shop }
spec:
  podSelector: { matchLabels: { app: db } }
  policyTypes: [Ingress, Egress]
  ingress:
    - from: [{ podSelector: { matchLabels: { app: web } } }]
      ports: [{ port: ${port} }]
${more}`;
}

const shop = folderOf({ 'workloads.yaml': WORKLOADS, 'policies/db.yml': policy(5432) });
const ALL = { TCP: [[1, 65_535]], UDP: [[1, 65_535]], SCTP: [[1, 65_535]] };
const POSTGRES = { TCP: [[5_432, 5_432]], UDP: [], SCTP: [] };
const EVERYWHERE = '0.0.0.0-255.255.255.255';
const WEB = 'shop/web[Deployment]';
const DB = 'shop/db[StatefulSet]';

describe('picket analyze list', () => {
  const rows = [
    { src: EVERYWHERE, dst: WEB, connections: ALL },
    { src: WEB, dst: EVERYWHERE, connections: ALL },
    { src: WEB, dst: DB, connections: POSTGRES },
  ];

  it('writes every pair that can open something, as JSON', async () => {
    const { code, stdout, stderr } = await analyze(['list', '-f', shop, '-o', 'json']);

    expect({ code, stderr, rows: JSON.parse(stdout) }).toEqual({ code: 0, stderr: '', rows });
  });

  it.each([
    [
      'txt',
      [
        `${EVERYWHERE} => ${WEB} : All Connections`,
        `${WEB} => ${EVERYWHERE} : All Connections`,
        `${WEB} => ${DB} : TCP 5432`,
      ],
    ],
    [
      'csv',
      [
        'src,dst,conn',
        `${EVERYWHERE},${WEB},All Connections`,
        `${WEB},${EVERYWHERE},All Connections`,
        `${WEB},${DB},TCP 5432`,
      ],
    ],
    [
      'md',
      [
        '| src | dst | conn |',
        '| --- | --- | --- |',
        `| ${EVERYWHERE} | ${WEB} | All Connections |`,
        `| ${WEB} | ${EVERYWHERE} | All Connections |`,
        `| ${WEB} | ${DB} | TCP 5432 |`,
      ],
    ],
    [
      'dot',
      [
        'digraph {',
        `  "${DB}" [color="blue"]`,
        `  "${WEB}" [color="blue"]`,
        `  "${EVERYWHERE}" [color="red2"]`,
        `  "${EVERYWHERE}" -> "${WEB}" [label="All Connections" color="gold2"]`,
        `  "${WEB}" -> "${EVERYWHERE}" [label="All Connections" color="gold2"]`,
        `  "${WEB}" -> "${DB}" [label="TCP 5432" color="gold2"]`,
        '}',
      ],
    ],
  ])('writes the same as %s', async (format, lines) => {
    const { stdout } = await analyze(['list', '-f', shop, '-o', format]);

    expect(stdout.split('\n')).toEqual([...lines, '']);
  });

  it('reads what kubectl prints, as a list in YAML or JSON, from standard input', async () => {
    const items = [
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, status: { podIP: '10.0.0.1' } },
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'b' }, status: { podIP: '10.0.0.2' } },
    ];
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, '\t');
    const yaml = `kind: PodList\napiVersion: v1\nitems:\n${items.map((item) => `- ${JSON.stringify({ metadata: item.metadata })}\n`).join('')}`;

    const outcomes = [
      await analyze(['list', '-f', '-'], list),
      await analyze(['list', '-f', '-'], yaml),
    ];

    for (const { code, stdout } of outcomes) {
      expect(code).toBe(0);
      expect(stdout).toContain('default/a[Pod] => default/b[Pod] : All Connections\n');
    }
  });

  it('joins several files and folders, and reads one that is named twice once', async () => {
    const { code, stdout } = await analyze([
      'list',
      '-f',
      path.join(shop, 'workloads.yaml'),
      shop,
      '-f',
      path.join(shop, 'policies'),
    ]);

    expect(code).toBe(0);
    expect(stdout.split('\n')).toHaveLength(4);
  });

  it('reads linked files, leaves other files alone and does not follow a circle of links', async () => {
    const folder = folderOf({
      'notes.txt': '{',
      'template.tpl': '{{',
      'deep/er/workloads.JSON': '{}',
    });
    symlinkSync(path.join(shop, 'workloads.yaml'), path.join(folder, 'linked.yaml'));
    symlinkSync(folder, path.join(folder, 'deep', 'circle'));
    symlinkSync(path.join(folder, 'nowhere'), path.join(folder, 'dead.yaml'));

    const { code, stdout, stderr } = await analyze(['list', '-f', folder]);

    expect(code).toBe(0);
    expect(stdout).toContain(`${WEB} => ${DB} : All Connections`);
    expect(stderr).toMatch(/^warning: .*workloads\.JSON: .*apiVersion and kind/);
  });

  it('says of pods on the host network, and of CIDRs and pods, what the switches say', async () => {
    const pods = folderOf({
      'pods.yaml': `
apiVersion: v1
kind: Pod
metadata: { name: a, labels: { app: a } }
spec: { hostNetwork: true, nodeName: one }
status: { podIP: 192.168.0.1 }
---
apiVersion: v1
kind: Pod
metadata: { name: b, labels: { app: b } }
status: { podIP: 10.0.0.2 }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: a }
spec: { podSelector: { matchLabels: { app: a } } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: b }
spec:
  podSelector: { matchLabels: { app: b } }
  policyTypes: [Ingress, Egress]
  ingress: [{ from: [{ ipBlock: { cidr: 192.168.0.0/16 } }] }]
  egress: [{ to: [{ ipBlock: { cidr: 192.168.0.0/16 } }] }]
`,
    });
    const pairs = async (...switches: string[]): Promise<string[]> =>
      (await analyze(['list', '-f', pods, ...switches])).stdout
        .split('\n')
        .filter((line) => !line.includes('255'));

    expect(await pairs()).toEqual([
      'default/a[Pod] => default/b[Pod] : All Connections',
      'default/b[Pod] => default/a[Pod] : All Connections',
      '',
    ]);
    expect(await pairs('--host-network-as-pods')).toEqual(['']);
    expect(await pairs('--host-network-as-pods', '--networks-match-pods')).toEqual([
      'default/a[Pod] => default/b[Pod] : All Connections',
      '',
    ]);
  });

  it('lists IPv6 where the manifests name it', async () => {
    const six = folderOf({
      'w.yaml': WORKLOADS,
      'p.yaml': policy(5432, '    - from: [{ ipBlock: { cidr: "fd00::/8" } }]\n'),
    });

    const { stdout } = await analyze(['list', '-f', six]);

    expect(stdout).toContain(
      `fd00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff => ${DB} : All Connections\n`,
    );
  });

  it('tells with --exposure who beyond these workloads could reach them', async () => {
    const folder = folderOf({
      'w.yaml': WORKLOADS,
      'p.yaml': policy(
        5432,
        '    - { from: [{ podSelector: { matchLabels: { app: backup } } }], ports: [{ port: 22 }] }\n',
      ),
    });
    const ssh = { TCP: [[22, 22]], UDP: [], SCTP: [] };

    const json = await analyze(['list', '-f', folder, '--exposure', '-o', 'json']);
    const text = await analyze(['list', '-f', folder, '--exposure']);

    expect(JSON.parse(json.stdout)).toContainEqual({
      workload: DB,
      direction: 'ingress',
      isProtected: true,
      peers: [
        {
          peer: expect.stringContaining('pods with app=backup'),
          connections: ssh,
          namedPorts: [],
        },
      ],
    });
    expect(text.stdout).toMatch(/pods with app=backup => shop\/db\[StatefulSet\] : TCP 22\n/);
    expect(text.code).toBe(0);
  });

  it('tells what is not known as such', async () => {
    const folder = folderOf({
      'w.yaml': WORKLOADS,
      'p.yaml': policy(5432),
      'cilium.yaml': `
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: names, namespace: shop }
spec:
  endpointSelector: { matchLabels: { app: web } }
  egress: [{ toFQDNs: [{ matchName: example.com }], toPorts: [{ ports: [{ port: "443", protocol: TCP }] }] }]
`,
    });

    const json = await analyze(['list', '-f', folder, '-o', 'json']);
    const text = await analyze(['list', '-f', folder]);

    expect(JSON.parse(json.stdout)).toContainEqual({
      src: WEB,
      dst: EVERYWHERE,
      connections: { TCP: [], UDP: [], SCTP: [] },
      unknown: { TCP: [[443, 443]], UDP: [], SCTP: [] },
    });
    expect(text.stdout).toContain(`${WEB} => ${EVERYWHERE} : No Connections (unknown: TCP 443)\n`);
  });
});

describe('picket analyze diff', () => {
  const after = folderOf({
    'all.yaml': `${WORKLOADS}---${policy('http', '  egress: [{ to: [{ ipBlock: { cidr: 10.0.0.0/8 } }] }]\n')}`,
  });
  const both = folderOf({ 'workloads.yaml': WORKLOADS });
  const [policiesBefore, policiesAfter] = [
    folderOf({ 'db.yaml': policy(5432) }),
    folderOf({ 'db.yaml': policy(5433) }),
  ];

  it('writes what opened, closed or changed, and says so by its exit code', async () => {
    const { code, stdout, stderr } = await analyze(['diff', '-f', shop, '-f', after, '-o', 'json']);

    expect({ code, stderr, changes: JSON.parse(stdout) }).toEqual({
      code: 1,
      stderr: '',
      changes: [
        {
          src: DB,
          dst: '10.0.0.0-10.255.255.255',
          change: 'added',
          before: { TCP: [], UDP: [], SCTP: [] },
          after: ALL,
        },
        {
          src: WEB,
          dst: DB,
          change: 'removed',
          before: POSTGRES,
          after: { TCP: [], UDP: [], SCTP: [] },
        },
      ],
    });
  });

  it.each([
    ['txt', [`changed: ${WEB} => ${DB} : TCP 5432 -> TCP 5433`]],
    ['csv', ['change,src,dst,before,after', `changed,${WEB},${DB},TCP 5432,TCP 5433`]],
    [
      'md',
      [
        '| change | src | dst | before | after |',
        '| --- | --- | --- | --- | --- |',
        `| changed | ${WEB} | ${DB} | TCP 5432 | TCP 5433 |`,
      ],
    ],
    [
      'dot',
      [
        'digraph {',
        `  "${WEB}" [color="blue"]`,
        `  "${DB}" [color="blue"]`,
        `  "${WEB}" -> "${DB}" [label="TCP 5432 -> TCP 5433" color="magenta"]`,
        '}',
      ],
    ],
  ])('writes policies over the same workloads as %s', async (format, lines) => {
    const { code, stdout } = await analyze([
      'diff',
      '-f',
      policiesBefore,
      '-f',
      policiesAfter,
      '--with',
      both,
      '-o',
      format,
    ]);

    expect(stdout.split('\n')).toEqual([...lines, '']);
    expect(code).toBe(1);
  });

  it('is silent and ends with 0 where nothing opens or closes', async () => {
    expect(await analyze(['diff', '-f', shop, '-f', shop])).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect((await analyze(['diff', '-f', shop, '-f', shop, '-o', 'json'])).stdout).toBe('[]\n');
  });

  it.each([
    ['one set', ['-f', 'a']],
    ['three sets', ['-f', 'a', 'b', 'c']],
    ['standard input twice', ['-f', '-', '-f', '-']],
  ])('refuses %s', async (_, args) => {
    expect(await analyze(['diff', ...args])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('picket analyze eval', () => {
  const id = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    namespace: 'shop',
    name: 'db',
  };
  const flows = [
    { src: WEB, dst: DB, protocol: 'TCP', port: 5432 },
    { src: 'shop/web', dst: 'shop/db', protocol: 'TCP', port: 80, expect: 'denied' },
    { src: DB, dst: '10.0.0.1', protocol: 'UDP', port: 53, expect: 'denied' },
    { src: '10.0.0.1', dst: WEB, protocol: 'TCP', port: 1 },
  ]
    .map((flow) => JSON.stringify(flow))
    .join('\n');
  const file = path.join(folderOf({ 'flows.jsonl': flows }), 'flows.jsonl');

  it('writes one verdict for each flow, in their order, with the policy and rule that decided', async () => {
    const { code, stdout, stderr } = await analyze(['eval', '-f', shop, '--flows', file]);

    const isolated = { verdict: 'denied', tier: 'NetworkPolicy', policy: id };
    const allowed = { verdict: 'allowed' };
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        verdict: 'allowed',
        egress: allowed,
        ingress: { ...allowed, tier: 'NetworkPolicy', policy: id, rule: { index: 0 } },
      },
      { verdict: 'denied', egress: allowed, ingress: isolated },
      { verdict: 'denied', egress: isolated, ingress: allowed },
      { verdict: 'allowed', egress: allowed, ingress: allowed },
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('tells the reason where the verdict is unknown, and that it was not expected', async () => {
    const line = `{"src":"${WEB}","dst":"${DB}","protocol":"ICMP"}\r\n`;

    const { code, stdout } = await analyze(['eval', '-f', shop, '--flows', '-'], line);
    const judged = await analyze(['eval', '-f', shop, '--flows', '-', '--judge-icmp'], line);

    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'unknown',
      ingress: { verdict: 'unknown', unknown: [expect.stringContaining('ICMP')] },
    });
    expect(JSON.parse(judged.stdout)).toMatchObject({ verdict: 'denied' });
  });

  it('writes for people what decided', async () => {
    const { stdout } = await analyze(['eval', '-f', shop, '--flows', file, '-o', 'txt']);

    expect(stdout.split('\n').slice(0, 2)).toEqual([
      `allowed: ${WEB} => ${DB} : TCP 5432: egress allowed by default; ingress allowed by NetworkPolicy shop/db ingress[0]`,
      'denied: shop/web => shop/db : TCP 80: egress allowed by default; ingress denied by NetworkPolicy shop/db, no rule of which matches',
    ]);
  });

  it.each([
    ['{', '[0]', 'JSON_INVALID'],
    ['null', '[0]', 'TYPE_WRONG'],
    ['[]', '[0].src', 'FIELD_REQUIRED'],
    [`{"src":1,"dst":"${DB}","protocol":"TCP","port":1}`, '[0].src', 'TYPE_WRONG'],
    [`{"src":"${WEB}","dst":"${DB}","protocol":"tcp","port":1}`, '[0].protocol', 'VALUE_WRONG'],
    [`{"src":"${WEB}","dst":"${DB}","protocol":"TCP","port":0}`, '[0].port', 'VALUE_WRONG'],
    [`{"src":"${WEB}","dst":"${DB}","protocol":"TCP"}`, '[0].port', 'VALUE_WRONG'],
    [`{"src":"${WEB}","dst":"${DB}","protocol":"ICMP","port":1}`, '[0].port', 'VALUE_WRONG'],
    [`\n{"src":"${WEB}","dst":"shop/nobody","protocol":"TCP","port":1}`, '[1].dst', 'PEER_UNKNOWN'],
    [`{"src":"${WEB}","dst":"10.0.0","protocol":"TCP","port":1}`, '[0].dst', 'FLOW_INVALID'],
  ])('refuses %s before it judges any flow', async (line, at, code) => {
    const good = `{"src":"${WEB}","dst":"${DB}","protocol":"TCP","port":1}`;

    const outcome = await analyze(['eval', '-f', shop, '--flows', '-'], `${line}\n${good}\n`);

    expect(outcome.code).toBe(2);
    expect(JSON.parse(outcome.stdout)).toEqual([
      { file: '-', path: at, code, message: expect.stringMatching(/^line \d: /) },
    ]);
  });

  it('refuses to read manifests and flows from one stream, and flows that are not there', async () => {
    const twice = await analyze(['eval', '-f', '-', '--flows', '-'], '');
    const nowhere = await analyze(['eval', '-f', shop, '--flows', 'nowhere.jsonl']);

    expect(twice).toMatchObject({ code: 2, stderr: expect.stringContaining('not both') });
    expect(JSON.parse(nowhere.stdout)).toMatchObject([{ code: 'FILE_UNREADABLE' }]);
    expect(nowhere.code).toBe(2);
  });
});

describe('picket analyze explain', () => {
  const denied = ['--src', 'shop/web', '--dst', 'shop/db', '--port', '80'];

  it('says who decided, and a NetworkPolicy that makes it so when it is added', async () => {
    const { code, stdout } = await analyze(['explain', '-f', shop, ...denied]);
    const [words = '', manifest = ''] = stdout.split('---\n');
    const added = folderOf({ 'added.yaml': manifest });
    const after = await analyze(['explain', '-f', shop, added, ...denied]);

    expect(code).toBe(1);
    expect(words).toContain('denied: shop/web to shop/db, TCP 80\n');
    expect(words).toContain('NetworkPolicy shop/db selects shop/db');
    expect(manifest).toContain('kind: NetworkPolicy\n');
    expect(after).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('allowed: shop/web to shop/db, TCP 80\n'),
    });
  });

  it('writes the same for machines', async () => {
    const { stdout } = await analyze(['explain', '-f', shop, ...denied, '-o', 'json']);

    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'denied',
      egress: { verdict: 'allowed', because: 'default', reasons: [] },
      ingress: {
        verdict: 'denied',
        because: 'isolated',
        reasons: [{ effect: 'selects', policy: { namespace: 'shop', name: 'db' } }],
      },
      remedy: {
        additions: [{ direction: 'ingress', manifest: { kind: 'NetworkPolicy' } }],
        blockers: [],
      },
    });
  });

  it.each([
    [['--src', 'shop/nobody', '--dst', DB, '--port', '1'], 'src', 'PEER_UNKNOWN'],
    [['--src', WEB, '--dst', '10.0.0', '--port', '1'], 'dst', 'FLOW_INVALID'],
    [['--src', WEB, '--dst', DB], 'port', 'VALUE_WRONG'],
    [['--src', WEB, '--dst', DB, '--port', '65536'], 'port', 'VALUE_WRONG'],
    [['--src', WEB, '--dst', DB, '--port', '1', '--protocol', 'x'], 'protocol', 'VALUE_WRONG'],
  ])('refuses %j', async (args, at, code) => {
    const outcome = await analyze(['explain', '-f', shop, ...args, '-o', 'json']);

    expect(outcome.code).toBe(2);
    expect(JSON.parse(outcome.stdout)).toMatchObject([{ file: 'command line', path: at, code }]);
  });
});

describe('picket analyze lint', () => {
  const clusterPolicy = (name: string): string => `
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: { name: ${name} }
spec:
  tier: Admin
  priority: 1
  subject: { namespaces: {} }
  ingress: [{ action: ${name === 'a' ? 'Accept' : 'Deny'}, from: [{ namespaces: { matchLabels: { team: x } } }] }]
`;
  const odd = folderOf({
    'all.yaml': `${WORKLOADS}---${policy(5432, '    - { from: [{ podSelector: {} }], ports: [{ port: 5432 }] }\n')}`,
    'deep/idle.yaml': policy(1).replace('name: db,', 'name: idle,').replace('app: db', 'app: gone'),
  });

  it('finds what has no effect, with file and path, and says so by its exit code', async () => {
    const { code, stdout } = await analyze(['lint', '-f', odd, '-o', 'json']);

    expect(JSON.parse(stdout)).toEqual([
      {
        file: `${odd}/all.yaml`,
        path: 'spec.ingress[0]',
        code: 'RULE_REDUNDANT',
        message: expect.stringMatching(/^NetworkPolicy shop\/db: /),
      },
      {
        file: `${odd}/deep/idle.yaml`,
        path: expect.stringMatching(/^spec/),
        code: 'POLICY_SELECTS_NOTHING',
        message: expect.stringMatching(/^NetworkPolicy shop\/idle: /),
      },
    ]);
    expect(code).toBe(1);
  });

  it.each([
    ['txt', `${odd}/all.yaml: spec.ingress[0]: NetworkPolicy shop/db: `],
    ['csv', `file,path,code,message\n${odd}/all.yaml,spec.ingress[0],RULE_REDUNDANT,`],
    [
      'md',
      `| file | path | code | message |\n| --- | --- | --- | --- |\n| ${odd}/all.yaml | spec.ingress[0] | RULE_REDUNDANT | `,
    ],
  ])('writes the same as %s', async (format, start) => {
    const { stdout } = await analyze(['lint', '-f', odd, '-o', format]);

    expect(stdout.slice(0, start.length)).toBe(start);
  });

  it('is silent where there is nothing to say', async () => {
    expect(await analyze(['lint', '-f', shop])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('counts equal priorities, which other commands refuse, among the findings', async () => {
    const folder = folderOf({ 'a.yaml': clusterPolicy('a'), 'b.yaml': clusterPolicy('b') });

    const linted = await analyze(['lint', '-f', folder, '-o', 'json']);
    const listed = await analyze(['list', '-f', folder, '-o', 'json']);

    expect(linted.code).toBe(1);
    expect(JSON.parse(linted.stdout)).toContainEqual(
      expect.objectContaining({ file: `${folder}/b.yaml`, code: 'PRIORITY_EQUAL' }),
    );
    expect(listed.code).toBe(2);
    expect(JSON.parse(listed.stdout)).toMatchObject([{ code: 'PRIORITY_EQUAL' }]);
  });

  it('refuses what an API server refuses', async () => {
    const folder = folderOf({ 'ports.yaml': policy('70000') });

    expect(await analyze(['lint', '-f', folder])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('input that is refused', () => {
  const wrong = {
    'ports.yaml': policy('70000'),
    'nested/syntax.yaml': 'kind: A\n---\nkind: [B\n',
    'nested/latin.yaml': Uint8Array.of(0x61, 0x3a, 0x20, 0xe4),
  };

  it('is told by file, path, code and message, all of it, and nothing is judged', async () => {
    const folder = folderOf(wrong);

    const { code, stdout, stderr } = await analyze(['list', '-f', folder, 'gone', '-o', 'json']);

    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual([
      { file: 'gone', path: '', code: 'FILE_MISSING', message: 'no such file or folder' },
      {
        file: `${folder}/nested/latin.yaml`,
        path: '',
        code: 'TEXT_INVALID',
        message: 'this is not UTF-8 text',
      },
      {
        file: `${folder}/nested/syntax.yaml`,
        path: '',
        code: 'YAML_INVALID',
        message: expect.stringMatching(/at line \d, column \d/),
      },
      {
        file: `${folder}/ports.yaml`,
        path: 'spec.ingress[0].ports[0].port',
        code: expect.any(String),
        message: expect.stringMatching(/^NetworkPolicy shop\/db: /),
      },
    ]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(4);
  });

  it.each(['txt', 'csv', 'md', 'dot'])('leaves standard output empty as %s', async (format) => {
    const folder = folderOf({ 'ports.yaml': policy('70000') });

    const { code, stdout, stderr } = await analyze(['list', '-f', folder, '-o', format]);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('spec.ingress[0].ports[0].port: NetworkPolicy shop/db: ');
  });

  it.each([
    ['an empty folder', {}],
    ['a file of nothing but comments', { 'a.yaml': '# nothing\n---\n' }],
  ])('counts as such in %s', async (_, files) => {
    const folder = folderOf({ 'README.md': '#', ...files });

    const { code, stdout } = await analyze(['list', '-f', folder, '-o', 'json']);

    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject([{ file: folder, code: 'INPUT_EMPTY' }]);
  });

  it('counts a link that leads in a circle', async () => {
    const folder = folderOf({ 'a.yaml': policy('80') });
    symlinkSync('loop.yaml', path.join(folder, 'loop.yaml'));

    const { code, stdout } = await analyze(['list', '-f', folder, '-o', 'json']);

    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject([
      { file: `${folder}/loop.yaml`, code: 'FILE_UNREADABLE' },
    ]);
  });

  it('is what a command line that cannot be meant is, too', async () => {
    const format = await analyze(['list', '-f', shop, '-o', 'xml']);
    const nothing = await analyze(['list']);

    expect(format).toMatchObject({ code: 2, stderr: expect.stringContaining('Allowed choices') });
    expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining('-f, --filename') });
  });
});

describe('whoever stops reading', () => {
  it('ends the command early and without an error', async () => {
    const { execFile } = await import('node:child_process');
    const { promisify } = await import('node:util');
    const pods = Array.from(
      { length: 400 },
      (_, index) => `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p${index}"}}`,
    ).join('\n---\n');
    const file = path.join(folderOf({ 'pods.yaml': pods }), 'pods.yaml');
    const picket = path.resolve('apps/cli/dist/picket.js');

    const { stdout, stderr } = await promisify(execFile)('bash', [
      '-c',
      `set -o pipefail; "${process.execPath}" "${picket}" analyze list -f "${file}" -o json | head -n 2`,
    ]);

    expect(stdout).toMatch(/^\[\n\{"src":.*\},\n$/);
    expect(stderr).toBe('');
  });
});
