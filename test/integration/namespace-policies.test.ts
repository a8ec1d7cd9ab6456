import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import pg from 'pg';

import {
  type Answer,
  type Backends,
  type Data,
  describeShapes,
  eventually,
  ProtocolAgent,
  TestHub,
} from '../support/hub/index.ts';

jest.setTimeout(60_000);

const codesOf = ({ errors }: Answer): unknown[] =>
  errors.map(({ extensions }) => extensions['code']);
const RESULT = `outcome problems { path code message allowed severity }
  namespacePolicy { id name version state namespaces spec expiresAt owner author reason } policyRequest { id state stale requestedBy baseVersion changes { path before after } problems { code } }`;
const WRITTEN = `namespacePolicies { id name version namespaces spec } policyRequests { id } problems { code message severity }`;
const NAME = 'kubernetes.io/metadata.name';
const from = (app: string): object => ({
  podSelector: {},
  ingress: [{ from: [{ podSelector: { matchLabels: { app } } }] }],
});
const egressTo = (cidr: string): object => ({
  podSelector: {},
  policyTypes: ['Egress'],
  egress: [{ to: [{ ipBlock: { cidr } }] }],
});
const soon = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString();

/** A platform with clusters, and teams that own namespaces in them. */
function suite(start: () => Promise<Backends>): void {
  let backends: Backends;
  let hub: TestHub;
  const agents: ProtocolAgent[] = [];
  let count = 0;

  beforeAll(async () => {
    backends = await start();
    hub = await TestHub.start({ ...backends.env, SWEEP_MS: '1000' });
    await hub.ask(`mutation { createProject(input: { name: "platform" }) { name } }`);
  });
  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.close()));
    await hub?.stop();
    await backends?.stop();
  });

  /** Behind the hub’s back, to be old at once. */
  async function sql(text: string, values: unknown[]): Promise<void> {
    const client = new pg.Client({ connectionString: hub.databaseUrl });
    await client.connect();
    await client.query(text, values);
    await client.end();
  }

  interface Team {
    readonly project: string;
    readonly claim: string;
    readonly namespace: string;
    readonly label: string;
    /** Secret of a token with this role for the claim. */
    editor: string;
    clusters: { readonly agent: ProtocolAgent; readonly id: string }[];
  }
  /** A project with a claim of one namespace in clusters of its own, each with an agent that has told its facts. */
  async function team({ clusters = 1, rails = {} as object } = {}): Promise<Team> {
    const n = (count += 1);
    const [project, claim, namespace, label] = [`team-${n}`, `claim-${n}`, `ns-${n}`, `l-${n}`];
    await hub.ask(`mutation { createProject(input: { name: "${project}" }) { name } }`);
    const members = [];
    for (let index = 0; index < clusters; index++)
      members.push(await cluster(`c-${n}-${index}`, { team: label }));
    await hub.ask(
      `mutation ($input: CreateNamespaceClaimInput!) { createNamespaceClaim(input: $input) { id } }`,
      {
        input: {
          project,
          name: claim,
          clusterProject: 'platform',
          clusterSelector: { matchLabels: { team: label } },
          namespaces: [namespace],
        },
      },
    );
    if (Object.keys(rails).length > 0) await setRails(project, rails);
    const editor = await holder('NamespaceEditor', { project, claim });
    return { project, claim, namespace, label, editor, clusters: members };
  }
  async function cluster(name: string, labels: object): Promise<Team['clusters'][number]> {
    const { id, joinToken } = await hub.register(name, labels, 'platform');
    const agent = await ProtocolAgent.create(hub);
    agents.push(agent);
    await agent.enrol(joinToken);
    await agent.sync();
    return { agent, id };
  }
  async function holder(role: string, where: object): Promise<string> {
    const { createApiToken } = await hub.ask(
      `mutation ($name: String!) { createApiToken(input: { name: $name }) { secret apiToken { id } } }`,
      { name: `h-${(count += 1)}` },
    );
    await hub.ask(
      `mutation ($input: CreateRoleBindingInput!) { createRoleBinding(input: $input) { id } }`,
      { input: { role, subjectKind: 'TOKEN', subject: createApiToken.apiToken.id, ...where } },
    );
    return createApiToken.secret;
  }
  const setRails = (project: string, rails: object): Promise<Data> =>
    hub.ask(
      `mutation ($input: SetGuardRailsInput!) { setGuardRails(input: $input) { rails revision } }`,
      { input: { project, rails } },
    );
  async function run(
    mutation: string,
    type: string,
    input: object,
    by: string,
    selection = RESULT,
  ): Promise<Data> {
    const { data, errors } = await hub.query(
      `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${selection} } }`,
      { input },
      by,
    );
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    return data[mutation];
  }
  const save = (
    { project, claim, editor }: Team,
    name: string,
    spec: object,
    more: object = {},
    by = editor,
  ): Promise<Data> =>
    run(
      'saveNamespacePolicy',
      'SaveNamespacePolicyInput',
      { project, claim, name, spec, ...more },
      by,
    );
  /** Names of the templates of the set that a cluster is due. */
  async function templates({ id }: { readonly id: string }): Promise<string[]> {
    const { cluster: read } = await hub.ask(
      `query ($id: ID!) { cluster(id: $id) { policySet { objects(first: 100) { edges { node { name template namespaceSelector origin { namespacePolicy claim project version blueprint } } } } } } }`,
      { id },
    );
    return (read.policySet?.objects.edges ?? []).map(({ node }: Data) => node.name);
  }
  const stands = (team: Team, ...names: string[]): Promise<void> =>
    eventually(async () => {
      for (const one of team.clusters)
        expect(await templates(one)).toEqual(
          names.toSorted().map((name) => `${name}.${team.claim}.${team.project}`),
        );
    });

  it('reaches exactly the clusters of its claim, with its origin, one compilation for all', async () => {
    const own = await team({ clusters: 2 });
    const other = await team();

    const saved = await save(own, 'allow-web', from('web'), { reason: 'the shop needs it' });

    expect(saved).toMatchObject({
      outcome: 'SAVED',
      problems: [],
      policyRequest: null,
      namespacePolicy: {
        version: 1,
        state: 'ACTIVE',
        namespaces: null,
        reason: 'the shop needs it',
        expiresAt: null,
      },
    });
    await stands(own, 'allow-web');
    expect(await templates(other.clusters[0] as { id: string })).toEqual([]);
    const { cluster: read } = await hub.ask(
      `query ($id: ID!) { cluster(id: $id) { policySet { digest objects(first: 1) { edges { node { namespaceSelector expiresAt origin { namespacePolicy claim project version blueprint assignment } } } } } } }`,
      { id: own.clusters[0]?.id },
    );
    expect(read.policySet.objects.edges[0].node).toEqual({
      namespaceSelector: {
        matchExpressions: [{ key: NAME, operator: 'In', values: [own.namespace] }],
      },
      expiresAt: null,
      origin: {
        namespacePolicy: 'allow-web',
        claim: own.claim,
        project: own.project,
        version: 1,
        blueprint: null,
        assignment: null,
      },
    });
    const digests = await Promise.all(
      own.clusters.map(async ({ agent }) => (await agent.sync()).grant?.digest),
    );
    expect(digests).toEqual([read.policySet.digest, read.policySet.digest]);
  });

  it('counts versions on, says the same once, and refuses who has not seen the newest', async () => {
    const own = await team();
    await save(own, 'p', from('a'));

    const same = await save(own, 'p', from('a'));
    const second = await save(own, 'p', from('b'), { expectedVersion: 1 });
    const late = await hub.query(
      `mutation ($input: SaveNamespacePolicyInput!) { saveNamespacePolicy(input: $input) { outcome } }`,
      {
        input: {
          project: own.project,
          claim: own.claim,
          name: 'p',
          spec: from('c'),
          expectedVersion: 1,
        },
      },
      own.editor,
    );

    expect([same.outcome, same.namespacePolicy.version]).toEqual(['UNCHANGED', 1]);
    expect([second.outcome, second.namespacePolicy.version]).toEqual(['SAVED', 2]);
    expect(codesOf(late)).toEqual(['NAMESPACE_POLICY_CHANGED']);
  });

  it('goes, and comes back as it once was', async () => {
    const own = await team();
    const { namespacePolicy } = await save(own, 'p', from('a'));
    await save(own, 'p', from('b'));
    await stands(own, 'p');
    const by = { namespacePolicyId: namespacePolicy.id };

    const gone = await run('deleteNamespacePolicy', 'DeleteNamespacePolicyInput', by, own.editor);
    expect([gone.outcome, gone.namespacePolicy.state]).toEqual(['SAVED', 'DELETED']);
    await stands(own);
    const again = await hub.query(
      `mutation ($input: DeleteNamespacePolicyInput!) { deleteNamespacePolicy(input: $input) { outcome } }`,
      { input: by },
      own.editor,
    );
    expect(codesOf(again)).toEqual(['NAMESPACE_POLICY_MISSING']);

    const back = await run(
      'restoreNamespacePolicyVersion',
      'RestoreNamespacePolicyVersionInput',
      { ...by, version: 1 },
      own.editor,
    );
    expect(back).toMatchObject({
      outcome: 'SAVED',
      namespacePolicy: { version: 3, state: 'ACTIVE', spec: from('a') },
    });
    await stands(own, 'p');
    const { namespacePolicy: read } = await hub.ask(
      `query ($id: ID!) { namespacePolicy(id: $id) { versions { version spec } } }`,
      { id: namespacePolicy.id },
    );
    expect(read.versions.map(({ version }: Data) => version)).toEqual([3, 2, 1]);
  });

  it('keeps the last versions and the last that went, not all that there ever were', async () => {
    const own = await team();
    const { namespacePolicy } = await save(own, 'p', from('a'));
    await sql(
      `INSERT INTO namespace_policy_versions (policy_id, number, spec, author) SELECT $1, n, '{}', 'x' FROM generate_series(2, 300) n`,
      [namespacePolicy.id],
    );
    await sql('UPDATE namespace_policies SET version = 300 WHERE id = $1', [namespacePolicy.id]);
    await sql(
      `WITH made AS (INSERT INTO namespace_policies (claim_id, name, version, state)
         SELECT claim_id, 'old-' || n, 1, 'DELETED' FROM namespace_policies, generate_series(1, 250) n WHERE id = $1 RETURNING id)
       INSERT INTO namespace_policy_versions (policy_id, number, spec, author, created_at) SELECT id, 1, '{}', 'x', now() - interval '1 day' FROM made`,
      [namespacePolicy.id],
    );

    await save(own, 'p', from('b'));
    await run(
      'deleteNamespacePolicy',
      'DeleteNamespacePolicyInput',
      { namespacePolicyId: namespacePolicy.id },
      own.editor,
    );

    const { namespacePolicies, namespacePolicy: read } = await hub.ask(
      `query ($id: ID!, $project: String!) {
        namespacePolicies(filter: { project: $project, state: DELETED }) { totalCount }
        namespacePolicy(id: $id) { versions(first: 200) { version } }
      }`,
      { id: namespacePolicy.id, project: own.project },
    );
    expect(namespacePolicies.totalCount).toBe(201);
    expect(read.versions.map(({ version }: Data) => version)).toEqual(
      Array.from({ length: 200 }, (_, index) => 301 - index),
    );
  });

  it('is for the namespaces of the claim and no others', async () => {
    const own = await team();

    const outside = await save(own, 'p', from('a'), { namespaces: [own.namespace, 'kube-system'] });
    const inside = await save(own, 'p', from('a'), { namespaces: [own.namespace] });

    expect(outside).toMatchObject({
      outcome: 'REFUSED',
      problems: [{ path: 'namespaces[1]', code: 'NAMESPACE_NOT_CLAIMED', allowed: own.namespace }],
    });
    expect(inside).toMatchObject({
      outcome: 'SAVED',
      namespacePolicy: { namespaces: [own.namespace] },
    });
  });

  it('tells everything that is wrong, and what the guard rails allow', async () => {
    const own = await team({ rails: { egress: { cidrs: ['10.0.0.0/8'] } } });

    const wrong = await save(own, 'p', {
      podSelecto: {},
      egress: [{ to: [{ ipBlock: { cidr: 'x' } }] }],
    });
    const wide = await save(own, 'p', egressTo('0.0.0.0/0'));
    const fine = await save(own, 'p', egressTo('10.1.0.0/16'));

    expect(wrong.problems.map(({ code }: Data) => code).toSorted()).toEqual([
      'CIDR_INVALID',
      'FIELD_UNKNOWN',
    ]);
    expect(wide).toMatchObject({
      outcome: 'REFUSED',
      namespacePolicy: null,
      problems: [
        {
          path: 'spec.egress[0].to[0].ipBlock.cidr',
          code: 'CIDR_NOT_ALLOWED',
          allowed: 'addresses in 10.0.0.0/8',
        },
      ],
    });
    expect(fine.outcome).toBe('SAVED');
  });

  it('is previewed without a trace: what changes, whom it concerns, what is outside', async () => {
    const own = await team({ clusters: 2 });
    await save(own, 'p', from('a'));
    const preview = async (spec: object): Promise<Data> => {
      const { data, errors } = await hub.query(
        `query ($input: SaveNamespacePolicyInput!) { previewNamespacePolicy(input: $input) {
           outcome namespaceSelector problems { code } changes { path before after } clusters { totalCount } } }`,
        { input: { project: own.project, claim: own.claim, name: 'p', spec } },
        own.editor,
      );
      expect(errors).toEqual([]);
      return data['previewNamespacePolicy'];
    };

    expect(await preview(from('b'))).toEqual({
      outcome: 'SAVED',
      namespaceSelector: {
        matchExpressions: [{ key: NAME, operator: 'In', values: [own.namespace] }],
      },
      problems: [],
      changes: [
        { path: 'spec.ingress[0]', before: (from('a') as Data)['ingress'][0], after: null },
        { path: 'spec.ingress[0]', before: null, after: (from('b') as Data)['ingress'][0] },
      ],
      clusters: { totalCount: 2 },
    });
    expect(await preview(egressTo('8.8.8.8/32'))).toMatchObject({
      outcome: 'REFUSED',
      problems: [{ code: 'CIDR_NOT_ALLOWED' }],
    });
    expect((await save(own, 'p', from('a'))).outcome).toBe('UNCHANGED');
  });

  it('waits for another’s approval where the guard rails ask for it', async () => {
    const own = await team({ rails: { requiresApproval: 'whenOutside' } });
    const platform = await holder('PlatformAdmin', {});
    const approve = (id: string, by: string): Promise<Answer> =>
      hub.query(
        `mutation ($input: ApprovePolicyRequestInput!) { approvePolicyRequest(input: $input) { state decidedBy decisionReason } }`,
        { input: { policyRequestId: id, reason: 'fine' } },
        by,
      );

    const asked = await save(own, 'out', egressTo('8.8.8.8/32'), { reason: 'DNS of the world' });
    expect(asked).toMatchObject({
      outcome: 'REQUESTED',
      namespacePolicy: null,
      policyRequest: {
        state: 'PENDING',
        stale: false,
        baseVersion: null,
        problems: [{ code: 'CIDR_NOT_ALLOWED' }],
      },
    });
    expect(asked.policyRequest.changes.map(({ path }: Data) => path)).toEqual([
      'spec.podSelector',
      'spec.policyTypes',
      'spec.egress[0]',
    ]);
    const { id } = asked.policyRequest;
    expect((await save(own, 'out', egressTo('8.8.8.8/32'))).policyRequest.id).toBe(id);
    expect(codesOf(await approve(id, own.editor))).toEqual(['FORBIDDEN']);

    const { data } = await approve(id, platform);
    expect(data['approvePolicyRequest']).toMatchObject({
      state: 'APPROVED',
      decisionReason: 'fine',
    });
    await stands(own, 'out');
    expect(codesOf(await approve(id, platform))).toEqual(['POLICY_REQUEST_DECIDED']);
  });

  it('lets nobody approve what they asked for themselves', async () => {
    const own = await team({ rails: { requiresApproval: 'always' } });
    const platform = await holder('PlatformAdmin', {});
    const asked = await save(own, 'p', from('a'), {}, platform);
    const decide = (
      mutation: string,
      type: string,
      by: string,
      more: object = {},
    ): Promise<Answer> =>
      hub.query(
        `mutation ($input: ${type}!) { ${mutation}(input: $input) { state } }`,
        { input: { policyRequestId: asked.policyRequest.id, ...more } },
        by,
      );

    expect(
      codesOf(await decide('approvePolicyRequest', 'ApprovePolicyRequestInput', platform)),
    ).toEqual(['OWN_REQUEST']);
    expect(
      codesOf(
        await decide('refusePolicyRequest', 'RefusePolicyRequestInput', platform, { reason: 'x' }),
      ),
    ).toEqual(['OWN_REQUEST']);
    expect(
      codesOf(await decide('withdrawPolicyRequest', 'WithdrawPolicyRequestInput', own.editor)),
    ).toEqual(['OWN_REQUEST']);
    const { data } = await decide('withdrawPolicyRequest', 'WithdrawPolicyRequestInput', platform);
    expect(data['withdrawPolicyRequest'].state).toBe('WITHDRAWN');
  });

  it('says that a request is stale when the policy has changed since', async () => {
    const own = await team({ rails: { requiresApproval: 'whenOutside' } });
    const platform = await holder('PlatformAdmin', {});
    const { policyRequest } = await save(own, 'p', egressTo('8.8.8.8/32'));
    await save(own, 'p', from('a'));

    const { policyRequests } = (
      await hub.query(
        `{ policyRequests(filter: { project: "${own.project}" }) { totalCount edges { node { id stale state } } } }`,
        {},
        own.editor,
      )
    ).data;
    const answer = await hub.query(
      `mutation ($input: ApprovePolicyRequestInput!) { approvePolicyRequest(input: $input) { state } }`,
      { input: { policyRequestId: policyRequest.id } },
      platform,
    );

    expect(policyRequests).toMatchObject({
      totalCount: 1,
      edges: [{ node: { id: policyRequest.id, stale: true, state: 'PENDING' } }],
    });
    expect(codesOf(answer)).toEqual(['POLICY_REQUEST_STALE']);
  });

  it('refuses a request with a reason, which is kept', async () => {
    const own = await team({ rails: { requiresApproval: 'always' } });
    const platform = await holder('PlatformAdmin', {});
    const { policyRequest } = await save(own, 'p', from('a'));
    const refuse = (reason: string): Promise<Answer> =>
      hub.query(
        `mutation ($input: RefusePolicyRequestInput!) { refusePolicyRequest(input: $input) { state decisionReason decidedBy } }`,
        { input: { policyRequestId: policyRequest.id, reason } },
        platform,
      );

    expect(codesOf(await refuse('  '))).toEqual(['INPUT_INVALID']);
    expect((await refuse('not like this')).data['refusePolicyRequest']).toMatchObject({
      state: 'REFUSED',
      decisionReason: 'not like this',
    });
    await stands(own);
  });

  it('asks before a policy goes, where everything is asked for', async () => {
    const own = await team();
    const { namespacePolicy } = await save(own, 'p', from('a'));
    await setRails(own.project, { requiresApproval: 'always' });

    const asked = await run(
      'deleteNamespacePolicy',
      'DeleteNamespacePolicyInput',
      { namespacePolicyId: namespacePolicy.id },
      own.editor,
    );
    expect(asked).toMatchObject({ outcome: 'REQUESTED', namespacePolicy: { state: 'ACTIVE' } });
    await hub.ask(
      `mutation ($input: ApprovePolicyRequestInput!) { approvePolicyRequest(input: $input) { state } }`,
      { input: { policyRequestId: asked.policyRequest.id } },
    );

    await stands(own);
  });

  it('is not there for other teams, in lists, counts, by id or to change', async () => {
    const own = await team();
    const stranger = await team();
    const { namespacePolicy } = await save(own, 'secret', from('a'));
    await setRails(own.project, { requiresApproval: 'always' });
    const { policyRequest } = await save(own, 'secret', from('b'));
    const by = stranger.editor;

    const { data, errors } = await hub.query(
      `{ namespacePolicies { totalCount edges { node { name } } } policyRequests { totalCount edges { node { name } } } }`,
      {},
      by,
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      namespacePolicies: { totalCount: 0, edges: [] },
      policyRequests: { totalCount: 0, edges: [] },
    });
    const unknown = '11111111-1111-4111-8111-111111111111';
    const same = async (
      query: string,
      variables: (id: string) => object,
      id: string,
    ): Promise<void> => {
      const words = async (one: string): Promise<string> =>
        JSON.stringify((await hub.query(query, variables(one), by)).errors).replaceAll(one, 'ID');
      expect(await words(id)).toBe(await words(unknown));
    };
    await same(
      `query ($id: ID!) { namespacePolicy(id: $id) { name } }`,
      (id) => ({ id }),
      namespacePolicy.id,
    );
    await same(
      `query ($id: ID!) { policyRequest(id: $id) { name } }`,
      (id) => ({ id }),
      policyRequest.id,
    );
    for (const [mutation, type, more] of [
      ['deleteNamespacePolicy', 'DeleteNamespacePolicyInput', {}],
      ['restoreNamespacePolicyVersion', 'RestoreNamespacePolicyVersionInput', { version: 1 }],
      ['renewException', 'RenewExceptionInput', { expiresAt: soon(60), reason: 'x' }],
    ] as const)
      await same(
        `mutation ($input: ${type}!) { ${mutation}(input: $input) { outcome } }`,
        (id) => ({ input: { namespacePolicyId: id, ...more } }),
        namespacePolicy.id,
      );
    await same(
      `mutation ($input: WithdrawPolicyRequestInput!) { withdrawPolicyRequest(input: $input) { state } }`,
      (id) => ({ input: { policyRequestId: id } }),
      policyRequest.id,
    );
    const foreign = await hub.query(
      `mutation ($input: SaveNamespacePolicyInput!) { saveNamespacePolicy(input: $input) { outcome } }`,
      { input: { project: own.project, claim: own.claim, name: 'p', spec: {} } },
      by,
    );
    expect(codesOf(foreign)).toEqual(['PROJECT_MISSING']);
  });

  it('is read by a project that it is shared with, and changed by its own alone', async () => {
    const own = await team();
    const other = await team();
    const reader = await holder('ProjectAdmin', { project: other.project });
    const { namespacePolicy } = await save(own, 'pattern', from('a'));
    const read = (): Promise<Answer> =>
      hub.query(
        `{ namespacePolicies(filter: { project: "${own.project}" }) { totalCount edges { node { id name spec } } } }`,
        {},
        reader,
      );
    expect((await read()).data['namespacePolicies'].totalCount).toBe(0);

    await run(
      'shareNamespacePolicy',
      'ShareNamespacePolicyInput',
      { namespacePolicyId: namespacePolicy.id, project: other.project },
      hub.adminToken,
      'id sharedWith',
    );

    expect((await read()).data['namespacePolicies']).toMatchObject({
      totalCount: 1,
      edges: [{ node: { name: 'pattern', spec: from('a') } }],
    });
    const answer = await hub.query(
      `mutation ($input: DeleteNamespacePolicyInput!) { deleteNamespacePolicy(input: $input) { outcome } }`,
      { input: { namespacePolicyId: namespacePolicy.id } },
      reader,
    );
    expect(codesOf(answer)).toEqual(['FORBIDDEN']);
    await run(
      'unshareNamespacePolicy',
      'UnshareNamespacePolicyInput',
      { namespacePolicyId: namespacePolicy.id, project: other.project },
      hub.adminToken,
      'id',
    );
    expect((await read()).data['namespacePolicies'].totalCount).toBe(0);
  });

  it('holds its claim, until it is gone', async () => {
    const own = await team();
    const { namespacePolicy } = await save(own, 'p', from('a'));
    const { namespaceClaim } = await hub.ask(
      `query ($name: String, $project: String) { namespaceClaim(name: $name, project: $project) { id } }`,
      { name: own.claim, project: own.project },
    );
    const remove = (): Promise<Answer> =>
      hub.query(
        `mutation ($input: DeleteNamespaceClaimInput!) { deleteNamespaceClaim(input: $input) }`,
        { input: { namespaceClaimId: namespaceClaim.id } },
      );

    expect(codesOf(await remove())).toEqual(['NAMESPACE_CLAIM_IN_USE']);
    await run(
      'deleteNamespacePolicy',
      'DeleteNamespacePolicyInput',
      { namespacePolicyId: namespacePolicy.id },
      own.editor,
    );
    expect(codesOf(await remove())).toEqual([]);
  });

  it('follows its claim to other clusters', async () => {
    const own = await team();
    await save(own, 'p', from('a'));
    await stands(own, 'p');
    const late = await cluster(`late-${count}`, { team: own.label });

    await eventually(async () =>
      expect(await templates(late)).toEqual([`p.${own.claim}.${own.project}`]),
    );
    await hub.ask(`mutation ($input: LabelClusterInput!) { labelCluster(input: $input) { id } }`, {
      input: { clusterId: late.id, labels: {} },
    });
    await eventually(async () => expect(await templates(late)).toEqual([]));
  });

  it('misses no cluster that comes while it is saved, and none that goes', async () => {
    const own = await team();
    const others = await Promise.all([1, 2, 3, 4].map((n) => cluster(`move-${count}-${n}`, {})));
    const label = (id: string, labels: object): Promise<Data> =>
      hub.ask(`mutation ($input: LabelClusterInput!) { labelCluster(input: $input) { id } }`, {
        input: { clusterId: id, labels },
      });
    for (const [round, labels] of [{ team: own.label }, {}, { team: own.label }].entries())
      await Promise.all([
        save(own, `p${round}`, from(String(round))),
        ...others.map(({ id }) => label(id, labels)),
        save(own, `q${round}`, from(String(round))),
      ]);

    await eventually(async () => {
      for (const one of [...own.clusters, ...others]) expect(await templates(one)).toHaveLength(6);
    });
  });

  it('ends by itself when it is an exception, is listed until then, and can be renewed', async () => {
    const own = await team();
    const spec = {
      podSelector: { matchLabels: { app: 'web' } },
      egress: [{ to: [{ namespaceSelector: {} }] }],
    };
    const input = {
      project: own.project,
      claim: own.claim,
      name: 'for-now',
      spec,
      reason: 'an outage',
    };
    const listed = async (filter: string): Promise<string[]> => {
      const { namespacePolicies } = await hub.ask(
        `{ namespacePolicies(filter: { project: "${own.project}", ${filter} }) { edges { node { name expiresAt owner } } } }`,
      );
      return namespacePolicies.edges.map(({ node }: Data) => node.name);
    };

    const created = await run(
      'createException',
      'CreateExceptionInput',
      { ...input, expiresAt: soon(4), owner: 'Ada' },
      own.editor,
    );
    expect(created).toMatchObject({
      outcome: 'SAVED',
      problems: [{ code: 'EXCEPTION_ISOLATES', severity: 'warning' }],
      namespacePolicy: {
        owner: 'Ada',
        reason: 'an outage',
        spec: { ...spec, policyTypes: ['Egress'] },
      },
    });
    await stands(own, 'for-now');
    expect(await listed('expiring: true')).toEqual(['for-now']);
    expect(await listed('expiring: false')).toEqual([]);

    await stands(own);
    expect(await listed('expiring: true')).toEqual([]);
    expect(await listed('state: ENDED')).toEqual(['for-now']);
    const { id } = created.namespacePolicy;
    const renewed = await run(
      'renewException',
      'RenewExceptionInput',
      { namespacePolicyId: id, expiresAt: soon(600), reason: 'still out' },
      own.editor,
    );
    expect(renewed).toMatchObject({
      outcome: 'SAVED',
      namespacePolicy: { version: 2, state: 'ACTIVE', owner: 'Ada' },
    });
    await stands(own, 'for-now');

    await run('endException', 'EndExceptionInput', { namespacePolicyId: id }, own.editor, 'state');
    await stands(own);
  });

  it.each([
    ['without an end that comes', { expiresAt: soon(-5) }, 'EXCEPTION_OVER'],
    ['for more than a year', { expiresAt: soon(400 * 86_400) }, 'EXCEPTION_OVER'],
    ['without a reason', { reason: ' ' }, 'INPUT_INVALID'],
  ])('takes no exception %s', async (_, more, code) => {
    const own = await team();
    const input = {
      project: own.project,
      claim: own.claim,
      name: 'x',
      spec: from('a'),
      reason: 'r',
      expiresAt: soon(60),
      ...more,
    };

    const answer = await hub.query(
      `mutation ($input: CreateExceptionInput!) { createException(input: $input) { outcome } }`,
      { input },
      own.editor,
    );

    expect(codesOf(answer)).toEqual([code]);
  });

  it('takes no exception that denies, and asks for one outside the guard rails, and for its renewal', async () => {
    const own = await team({ rails: { requiresApproval: 'whenOutside' } });
    const create = (spec: object): Promise<Data> =>
      run(
        'createException',
        'CreateExceptionInput',
        {
          project: own.project,
          claim: own.claim,
          name: 'x',
          spec,
          reason: 'r',
          expiresAt: soon(600),
        },
        own.editor,
      );

    expect(await create({ podSelector: {} })).toMatchObject({
      outcome: 'REFUSED',
      problems: [{ code: 'EXCEPTION_DENIES' }],
    });
    const asked = await create(egressTo('8.8.8.8/32'));
    expect(asked.outcome).toBe('REQUESTED');
    await hub.ask(
      `mutation ($input: ApprovePolicyRequestInput!) { approvePolicyRequest(input: $input) { state } }`,
      { input: { policyRequestId: asked.policyRequest.id } },
    );
    await stands(own, 'x');
    const { namespacePolicies } = await hub.ask(
      `{ namespacePolicies(filter: { project: "${own.project}" }) { edges { node { id } } } }`,
    );
    const again = await run(
      'renewException',
      'RenewExceptionInput',
      { namespacePolicyId: namespacePolicies.edges[0].node.id, expiresAt: soon(900), reason: 'r' },
      own.editor,
    );
    expect(again.outcome).toBe('REQUESTED');
    expect(again.policyRequest.changes.map(({ path }: Data) => path)).toEqual(['expiresAt']);
  });

  it('isolates, allows and denies by ordinary policies, the same wish once', async () => {
    const own = await team({
      rails: { podNetworks: ['10.0.0.0/8'], ingress: { cidrs: ['0.0.0.0/0', '::/0'] } },
    });
    const where = { project: own.project, claim: own.claim };
    const isolate = (): Promise<Data> =>
      run(
        'isolateNamespace',
        'IsolateNamespaceInput',
        {
          ...where,
          namespace: own.namespace,
          openings: [{ direction: 'ingress', namespace: 'monitoring', ports: [{ port: 9090 }] }],
        },
        own.editor,
        WRITTEN,
      );

    const first = await isolate();
    const second = await isolate();
    expect(first).toMatchObject({
      problems: [],
      policyRequests: [],
      namespacePolicies: [{ version: 1, namespaces: [own.namespace] }],
    });
    expect(second.namespacePolicies).toEqual(first.namespacePolicies);
    expect(first.namespacePolicies[0].spec.ingress[1]).toEqual({
      from: [{ namespaceSelector: { matchLabels: { [NAME]: 'monitoring' } } }],
      ports: [{ protocol: 'TCP', port: 9090 }],
    });

    const allowed = await run(
      'allowWorkload',
      'AllowWorkloadInput',
      {
        ...where,
        source: { namespace: 'elsewhere', labels: { app: 'web' } },
        target: { namespace: own.namespace, labels: { app: 'api' } },
        ports: [{ port: 443 }],
      },
      own.editor,
      WRITTEN,
    );
    expect(allowed).toMatchObject({
      problems: [],
      namespacePolicies: [{ namespaces: [own.namespace] }],
    });
    await stands(own, first.namespacePolicies[0].name, allowed.namespacePolicies[0].name);

    const deny = (source: string): Promise<Data> =>
      run(
        'denyNamespace',
        'DenyNamespaceInput',
        { ...where, source, target: own.namespace },
        own.editor,
        WRITTEN,
      );
    expect(await deny('bank')).toMatchObject({
      namespacePolicies: [],
      problems: [{ code: 'DENIED_ALREADY', severity: 'warning' }],
    });
    expect(await deny('elsewhere')).toMatchObject({
      namespacePolicies: [],
      problems: [
        {
          code: 'DENIAL_VOID',
          message: expect.stringContaining(allowed.namespacePolicies[0].name),
        },
      ],
    });

    const open = await team({
      rails: { podNetworks: ['10.0.0.0/8'], ingress: { cidrs: ['0.0.0.0/0', '::/0'] } },
    });
    const denied = async (source: string): Promise<Data> =>
      run(
        'denyNamespace',
        'DenyNamespaceInput',
        { project: open.project, claim: open.claim, source, target: open.namespace },
        open.editor,
        WRITTEN,
      );
    await denied('bank');
    const both = await denied('mail');
    expect(both.problems).toEqual([]);
    expect(
      both.namespacePolicies[0].spec.ingress[0].from[0].namespaceSelector.matchExpressions[0]
        .values,
    ).toEqual(['bank', 'mail']);
  });

  it('denies nothing that a blueprint lets in, and names it', async () => {
    const own = await team({
      rails: { podNetworks: ['10.0.0.0/8'], ingress: { cidrs: ['0.0.0.0/0', '::/0'] } },
    });
    await hub.apply(
      `
apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: base-${own.label} }
spec:
  namespacePolicies:
    - name: allow-bank
      namespaceSelector: { matchLabels: { ${NAME}: ${own.namespace} } }
      spec: { podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { ${NAME}: bank } } }] }] }
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: base-${own.label} }
spec: { blueprint: base-${own.label}, clusterSelector: { matchLabels: { team: ${own.label} } } }
`,
      'platform',
    );
    await eventually(async () =>
      expect(await templates(own.clusters[0] as { id: string })).toEqual(['allow-bank']),
    );
    const deny = (source: string): Promise<Data> =>
      run(
        'denyNamespace',
        'DenyNamespaceInput',
        { project: own.project, claim: own.claim, source, target: own.namespace },
        own.editor,
        WRITTEN,
      );

    expect(await deny('bank')).toMatchObject({
      problems: [{ code: 'DENIAL_VOID', message: expect.stringContaining('allow-bank') }],
    });
    expect(await deny('mail')).toMatchObject({ problems: [{ code: 'DENIED_ALREADY' }] });
  });

  it('writes all of a wish or nothing', async () => {
    const own = await team({ rails: { egress: { ports: [] } } });

    const result = await run(
      'isolateNamespace',
      'IsolateNamespaceInput',
      { project: own.project, claim: own.claim },
      own.editor,
      WRITTEN,
    );

    expect(result).toMatchObject({ namespacePolicies: [], policyRequests: [] });
    expect(new Set(result.problems.map(({ code }: Data) => code))).toEqual(
      new Set(['PORTS_NOT_NAMED', 'PORT_NOT_ALLOWED']),
    );
    await stands(own);
  });

  it('keeps guard rails by revision, for those alone who may set them', async () => {
    const own = await team({ rails: { maxRules: 7 } });
    const set = (input: object, by: string): Promise<Answer> =>
      hub.query(
        `mutation ($input: SetGuardRailsInput!) { setGuardRails(input: $input) { revision } }`,
        { input: { project: own.project, rails: {}, ...input } },
        by,
      );

    const { data } = await hub.query(
      `query ($project: String!) { guardRails(project: $project) { rails revision } }`,
      { project: own.project },
      own.editor,
    );
    expect(data['guardRails']).toEqual({ rails: { maxRules: 7 }, revision: 1 });
    expect(codesOf(await set({}, own.editor))).toEqual(['FORBIDDEN']);
    expect(codesOf(await set({ expectedRevision: 0 }, hub.adminToken))).toEqual([
      'GUARD_RAILS_CHANGED',
    ]);
    expect(codesOf(await set({ rails: { egres: {} } }, hub.adminToken))).toEqual(['INPUT_INVALID']);
    expect(
      (await set({ expectedRevision: 1 }, hub.adminToken)).data['setGuardRails'].revision,
    ).toBe(2);
  });

  it('comes as a document too, for CI: all or nothing, and what needs an approval waits', async () => {
    const own = await team({ rails: { requiresApproval: 'whenOutside' } });
    const document = (name: string, spec: object, more = ''): string => `
apiVersion: picket.dev/v1alpha1
kind: NamespacePolicy
metadata: { name: ${name}, claim: ${own.claim}${more} }
spec: ${JSON.stringify(spec)}
---`;
    const apply = async (yaml: string, more: object = {}): Promise<Data> =>
      run(
        'applyDocuments',
        'ApplyDocumentsInput',
        { project: own.project, yaml, ...more },
        own.editor,
        'results { name action warnings } problems { index path code severity }',
      );

    const dry = await apply(document('a', from('a')), { dryRun: true });
    expect(dry.results).toMatchObject([{ name: 'a', action: 'CREATED' }]);
    await stands(own);

    const both = document('a', from('a')) + document('out', egressTo('8.8.8.8/32'));
    expect(await apply(both, { reason: 'release 7' })).toMatchObject({
      problems: [],
      results: [
        { name: 'a', action: 'CREATED', warnings: [] },
        {
          name: 'out',
          action: 'REQUESTED',
          warnings: [
            expect.stringContaining('policy request'),
            expect.stringContaining('8.8.8.8/32'),
          ],
        },
      ],
    });
    await stands(own, 'a');
    const { namespacePolicy } = await hub.ask(
      `{ namespacePolicy(project: "${own.project}", claim: "${own.claim}", name: "a") { reason spec } }`,
    );
    expect(namespacePolicy).toEqual({ reason: 'release 7', spec: from('a') });
    expect((await apply(document('a', from('a')))).results).toMatchObject([
      { action: 'UNCHANGED' },
    ]);

    await setRails(own.project, {});
    const refused = await apply(
      document('b', from('b')) + document('out', egressTo('8.8.8.8/32'), ', namespaces: [other]'),
    );
    expect(refused).toEqual({
      results: [],
      problems: [
        {
          index: 1,
          path: 'metadata.namespaces[0]',
          code: 'NAMESPACE_NOT_CLAIMED',
          severity: 'error',
        },
      ],
    });
    expect((await apply(document('b', egressTo('8.8.8.8/32')))).problems).toMatchObject([
      { path: 'spec.egress[0].to[0].ipBlock.cidr', code: 'CIDR_NOT_ALLOWED' },
    ]);
    const blueprint = `
apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: mine }
spec: {}
`;
    expect((await apply(blueprint)).problems).toMatchObject([{ code: 'FORBIDDEN' }]);
    await stands(own, 'a');
  });

  it('pages through policies and requests, each once', async () => {
    const own = await team({ rails: { requiresApproval: 'whenOutside' } });
    for (const name of ['a', 'b', 'c']) {
      await save(own, name, from(name));
      await save(own, `${name}-out`, egressTo('8.8.8.8/32'));
    }
    const pages = async (list: string): Promise<string[]> => {
      const names: string[] = [];
      for (let after: string | null = null; ;) {
        const answer: Data = await hub.ask(
          `query ($after: String) { ${list}(first: 2, after: $after, filter: { project: "${own.project}" }) { edges { node { name } } pageInfo { hasNextPage endCursor } } }`,
          { after },
        );
        names.push(...answer[list].edges.map(({ node }: Data) => node.name));
        if (!answer[list].pageInfo.hasNextPage) return names;
        after = answer[list].pageInfo.endCursor;
      }
    };

    expect(await pages('namespacePolicies')).toEqual(['a', 'b', 'c']);
    expect(await pages('policyRequests')).toEqual(['c-out', 'b-out', 'a-out']);
  });
}

describeShapes('namespace policies', suite);
