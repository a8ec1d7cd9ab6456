import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { approvalBytes } from '@picket/agent-protocol';
import type { AuditEvent } from '@picket/audit';
import pg from 'pg';

import {
  type Answer,
  type Data,
  eventually,
  ProtocolAgent,
  TestHub,
} from '../support/hub/index.ts';

jest.setTimeout(60_000);

const DENY = {
  namespacePolicies: [{ name: 'deny', namespaceSelector: {}, spec: { podSelector: {} } }],
};
const NOBODY = '00000000-0000-4000-8000-000000000000';

let hub: TestHub;
let db: pg.Client;
let count = 0;
const fresh = (): string => `n${(count += 1)}`;

beforeAll(async () => {
  // Without a worker nothing changes behind the test's back.
  hub = await TestHub.start({}, 'main.api');
  db = new pg.Client({ connectionString: hub.databaseUrl });
  await db.connect();
  await hub.ask('{ organization { name } }'); // signs in
  await eventually(async () => expect(await events()).toHaveLength(2));
});
afterAll(async () => {
  await db?.end();
  await hub?.stop();
});

async function events(): Promise<AuditEvent[]> {
  const { rows } = await db.query('SELECT body FROM audit_events ORDER BY id');
  return rows.map(({ body }) => JSON.parse(body) as AuditEvent);
}

/** What happens meanwhile, as events. */
async function eventsOf(work: () => Promise<unknown>): Promise<AuditEvent[]> {
  const before = (await events()).length;
  await work();
  return (await events()).slice(before);
}

/** A digest of all that a mutation could change. */
async function state(): Promise<string> {
  const { rows } = await db.query(
    `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '^audit_' AND tablename <> 'token_uses' ORDER BY 1`,
  );
  const hash = createHash('sha256');
  for (const { tablename } of rows) {
    const { rows: all } = await db.query(
      `SELECT to_jsonb(t) - 'last_used_at' AS row FROM ${tablename} t ORDER BY t::text`,
    );
    hash.update(JSON.stringify([tablename, all]));
  }
  return hash.digest('hex');
}

async function mutate(name: string, input: object, token = hub.adminToken): Promise<Answer> {
  const schema = await readFile('apps/control-plane/schema.graphql', 'utf8');
  const type = new RegExp(`^  ${name}\\(input: (\\w+)!\\): \\[?(\\w+)!`, 'm').exec(schema);
  const result = type?.[2] ?? '';
  const fields = ['ID', 'String'].includes(result) ? '' : '{ __typename }';
  return hub.query(
    `mutation ($input: ${type?.[1]}!) { ${name}(input: $input) ${fields} }`,
    { input },
    token,
  );
}

const ask = (text: string, input: object): Promise<Data> => hub.ask(text, { input });
async function blueprint(): Promise<string> {
  const { saveBlueprintDraft } = await ask(
    `mutation ($input: SaveBlueprintDraftInput!) { saveBlueprintDraft(input: $input) { ... on Blueprint { id } } }`,
    { name: fresh(), document: DENY, expectedDraftVersion: 0 },
  );
  return saveBlueprintDraft.id;
}
async function version(): Promise<{ blueprintId: string; version: number }> {
  const blueprintId = await blueprint();
  await mutate('publishBlueprint', { blueprintId });
  return { blueprintId, version: 1 };
}
async function active(): Promise<{ blueprintId: string; version: number }> {
  const made = await version();
  await mutate('activateBlueprintVersion', made);
  return made;
}
async function assignment(): Promise<{ assignmentId: string; blueprintId: string }> {
  const pin = await active();
  const { createAssignment } = await ask(
    `mutation ($input: CreateAssignmentInput!) { createAssignment(input: $input) { assignment { id } } }`,
    { ...pin, name: fresh(), clusterSelector: {} },
  );
  return { assignmentId: createAssignment.assignment.id, blueprintId: pin.blueprintId };
}
async function token(): Promise<{ id: string; secret: string }> {
  const { createApiToken } = await ask(
    `mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret apiToken { id } } }`,
    { name: fresh() },
  );
  return { id: createApiToken.apiToken.id, secret: createApiToken.secret };
}
async function binding(role = 'Auditor'): Promise<{ id: string; secret: string }> {
  const { id: subject, secret } = await token();
  const { createRoleBinding } = await ask(
    `mutation ($input: CreateRoleBindingInput!) { createRoleBinding(input: $input) { id } }`,
    { role, subjectKind: 'TOKEN', subject },
  );
  return { id: createRoleBinding.id, secret };
}
async function role(): Promise<string> {
  const name = fresh();
  await mutate('saveRole', { name, permissions: ['Cluster:read'] });
  return name;
}
async function project(requiresApproval = true): Promise<string> {
  const name = fresh();
  await mutate('createProject', { name, requiresApproval });
  return name;
}
async function pending(): Promise<string> {
  const { id, joinToken } = await hub.register(fresh(), {}, await project());
  const agent = await ProtocolAgent.create(hub);
  await agent.enrol(joinToken);
  await agent.close();
  return id;
}
async function claim(): Promise<string> {
  const { createNamespaceClaim } = await ask(
    `mutation ($input: CreateNamespaceClaimInput!) { createNamespaceClaim(input: $input) { id } }`,
    { name: fresh(), clusterSelector: {}, namespaces: [fresh()] },
  );
  return createNamespaceClaim.id;
}
/** A claim of one namespace, in a project of its own with guard rails. */
async function place(
  requiresApproval = 'never',
): Promise<{ where: { project: string; claim: string }; namespace: string }> {
  const [name, namespace, claimName] = [await project(), fresh(), fresh()];
  await mutate('createNamespaceClaim', {
    project: name,
    name: claimName,
    clusterSelector: {},
    namespaces: [namespace],
  });
  const rails = {
    requiresApproval,
    podNetworks: ['10.0.0.0/8'],
    ingress: { cidrs: ['0.0.0.0/0', '::/0'] },
  };
  await mutate('setGuardRails', { project: name, rails });
  return { where: { project: name, claim: claimName }, namespace };
}
const RULES = { ingress: [{ from: [{ podSelector: {} }] }] };
const later = (hours = 1): string => new Date(Date.now() + hours * 3_600_000).toISOString();
async function policy(): Promise<string> {
  const { saveNamespacePolicy } = await ask(
    `mutation ($input: SaveNamespacePolicyInput!) { saveNamespacePolicy(input: $input) { namespacePolicy { id } } }`,
    { ...(await place()).where, name: fresh(), spec: RULES },
  );
  return saveNamespacePolicy.namespacePolicy.id;
}
async function exception(): Promise<string> {
  const { createException } = await ask(
    `mutation ($input: CreateExceptionInput!) { createException(input: $input) { namespacePolicy { id } } }`,
    { ...(await place()).where, name: fresh(), spec: RULES, reason: 'x', expiresAt: later() },
  );
  return createException.namespacePolicy.id;
}
/** A request that waits, of somebody else than the administrator, or of the administrator. */
async function request(by?: string): Promise<string> {
  const { where } = await place('always');
  const { data } = await hub.query(
    `mutation ($input: SaveNamespacePolicyInput!) { saveNamespacePolicy(input: $input) { policyRequest { id } } }`,
    { input: { ...where, name: fresh(), spec: RULES } },
    by ?? (await binding('OrgAdmin')).secret,
  );
  return data['saveNamespacePolicy'].policyRequest.id;
}
/** What the approver of a project has signed for a cluster of it that waits. */
async function approval(): Promise<object> {
  const of = await project(false);
  await mutate('setApprovers', { project: of, keys: [APPROVER] });
  const { id } = await hub.register(fresh(), {}, of);
  const digest = '0'.repeat(64);
  await db.query(
    `INSERT INTO policy_sets (digest, body, size_bytes) VALUES ($1, '', 0) ON CONFLICT DO NOTHING`,
    [digest],
  );
  await db.query('UPDATE clusters SET desired_digest = $2 WHERE id = $1', [id, digest]);
  return signed({ clusterId: id, digest });
}
function signed(what: { clusterId: string; digest: string }): object {
  const said = { ...what, signedAtMs: Date.now(), notAfter: null };
  const signature = sign(null, Buffer.from(approvalBytes(said)), approver.privateKey);
  return { ...said, publicKey: APPROVER.publicKey, signature: signature.toString('base64url') };
}
const cluster = async (): Promise<string> => (await hub.register(fresh())).id;
const BLUEPRINT = (name: string): string => `apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: ${name} }
spec: ${JSON.stringify(DENY)}
`;

const approver = generateKeyPairSync('ed25519');
const APPROVER = {
  name: 'alice',
  publicKey: approver.publicKey.export({ format: 'jwk' }).x ?? '',
};

/** Every mutation: an input that it takes, and one that it refuses. */
const MUTATIONS: Record<
  string,
  { good: () => object | Promise<object>; bad: object; code: string }
> = {
  activateBlueprintVersion: {
    good: version,
    bad: { blueprintId: NOBODY, version: 1 },
    code: 'BLUEPRINT_MISSING',
  },
  allowWorkload: {
    good: async () => {
      const { where, namespace } = await place();
      const workload = (app: string): object => ({ namespace, labels: { app } });
      return { ...where, source: workload('web'), target: workload('api') };
    },
    bad: {
      claim: 'nowhere',
      source: { namespace: 'a', labels: { app: 'a' } },
      target: { namespace: 'a', labels: { app: 'b' } },
    },
    code: 'NAMESPACE_CLAIM_MISSING',
  },
  applyDocuments: {
    good: () => ({ yaml: BLUEPRINT(fresh()) }),
    bad: { project: 'nowhere', yaml: '' },
    code: 'PROJECT_MISSING',
  },
  approveCluster: {
    good: async () => ({ clusterId: await pending() }),
    bad: { clusterId: NOBODY },
    code: 'CLUSTER_MISSING',
  },
  approvePolicyRequest: {
    good: async () => ({ policyRequestId: await request() }),
    bad: { policyRequestId: NOBODY },
    code: 'POLICY_REQUEST_MISSING',
  },
  approvePolicySets: {
    good: async () => ({ approvals: [await approval()] }),
    bad: { approvals: [signed({ clusterId: NOBODY, digest: '0'.repeat(64) })] },
    code: 'CLUSTER_MISSING',
  },
  configureAssignment: {
    good: async () => ({ assignmentId: (await assignment()).assignmentId, parameters: {} }),
    bad: { assignmentId: NOBODY, parameters: {} },
    code: 'ASSIGNMENT_MISSING',
  },
  createApiToken: {
    good: () => ({ name: fresh() }),
    bad: { name: 'Not a name' },
    code: 'INPUT_INVALID',
  },
  createAssignment: {
    good: async () => ({ ...(await active()), name: fresh(), clusterSelector: {} }),
    bad: { blueprintId: NOBODY, version: 1, name: 'x', clusterSelector: {} },
    code: 'BLUEPRINT_MISSING',
  },
  createException: {
    good: async () => ({
      ...(await place()).where,
      name: fresh(),
      spec: RULES,
      expiresAt: later(),
      reason: 'x',
    }),
    bad: { claim: 'nowhere', name: 'x', spec: RULES, expiresAt: later() },
    code: 'NAMESPACE_CLAIM_MISSING',
  },
  createNamespaceClaim: {
    good: () => ({ name: fresh(), clusterSelector: {}, namespaces: [fresh()] }),
    bad: { name: 'x', clusterSelector: {}, namespaces: ['kube-system'] },
    code: 'INPUT_INVALID',
  },
  createProject: {
    good: () => ({ name: fresh() }),
    bad: { name: 'default' },
    code: 'PROJECT_EXISTS',
  },
  createRoleBinding: {
    good: async () => ({ role: 'Auditor', subjectKind: 'TOKEN', subject: (await token()).id }),
    bad: { role: 'Emperor', subjectKind: 'TOKEN', subject: NOBODY },
    code: 'ROLE_MISSING',
  },
  deleteAssignment: {
    good: async () => ({ assignmentId: (await assignment()).assignmentId }),
    bad: { assignmentId: NOBODY },
    code: 'ASSIGNMENT_MISSING',
  },
  deleteNamespaceClaim: {
    good: async () => ({ namespaceClaimId: await claim() }),
    bad: { namespaceClaimId: NOBODY },
    code: 'NAMESPACE_CLAIM_MISSING',
  },
  deleteNamespacePolicy: {
    good: async () => ({ namespacePolicyId: await policy() }),
    bad: { namespacePolicyId: NOBODY },
    code: 'NAMESPACE_POLICY_MISSING',
  },
  deleteRole: {
    good: async () => ({ name: await role() }),
    bad: { name: 'emperor' },
    code: 'ROLE_MISSING',
  },
  deleteRoleBinding: {
    good: async () => ({ roleBindingId: (await binding()).id }),
    bad: { roleBindingId: NOBODY },
    code: 'ROLE_BINDING_MISSING',
  },
  denyNamespace: {
    good: async () => {
      const { where, namespace } = await place();
      return { ...where, source: 'bank', target: namespace };
    },
    bad: { claim: 'nowhere', source: 'a', target: 'b' },
    code: 'NAMESPACE_CLAIM_MISSING',
  },
  endException: {
    good: async () => ({ namespacePolicyId: await exception() }),
    bad: { namespacePolicyId: NOBODY },
    code: 'NAMESPACE_POLICY_MISSING',
  },
  isolateNamespace: {
    good: async () => (await place()).where,
    bad: { claim: 'nowhere' },
    code: 'NAMESPACE_CLAIM_MISSING',
  },
  isolateWorkload: {
    good: async () => ({ ...(await place()).where, labels: { app: 'web' } }),
    bad: { claim: 'nowhere', labels: {} },
    code: 'INPUT_INVALID',
  },
  labelCluster: {
    good: async () => ({ clusterId: await cluster(), labels: { tier: 'prod' } }),
    bad: { clusterId: NOBODY, labels: {} },
    code: 'CLUSTER_MISSING',
  },
  moveAssignment: {
    good: async () => ({ assignmentId: (await assignment()).assignmentId, version: 1 }),
    bad: { assignmentId: NOBODY, version: 1 },
    code: 'ASSIGNMENT_MISSING',
  },
  publishBlueprint: {
    good: async () => ({ blueprintId: await blueprint() }),
    bad: { blueprintId: 'no-uuid' },
    code: 'ID_INVALID',
  },
  refusePolicyRequest: {
    good: async () => ({ policyRequestId: await request(), reason: 'no' }),
    bad: { policyRequestId: NOBODY },
    code: 'POLICY_REQUEST_MISSING',
  },
  registerCluster: {
    good: () => ({ name: fresh(), labels: { tier: 'prod' } }),
    bad: { name: 'x', labels: { tier: 1 } },
    code: 'INPUT_INVALID',
  },
  reissueJoinToken: {
    good: async () => ({ clusterId: await cluster() }),
    bad: { clusterId: NOBODY },
    code: 'CLUSTER_MISSING',
  },
  removeCluster: {
    good: async () => ({ clusterId: await cluster() }),
    bad: { clusterId: NOBODY },
    code: 'CLUSTER_MISSING',
  },
  renewException: {
    good: async () => ({ namespacePolicyId: await exception(), expiresAt: later(2), reason: 'x' }),
    bad: { namespacePolicyId: NOBODY, expiresAt: later() },
    code: 'NAMESPACE_POLICY_MISSING',
  },
  restoreNamespacePolicyVersion: {
    good: async () => {
      const namespacePolicyId = await policy();
      await mutate('deleteNamespacePolicy', { namespacePolicyId });
      return { namespacePolicyId, version: 1 };
    },
    bad: { namespacePolicyId: NOBODY, version: 1 },
    code: 'NAMESPACE_POLICY_MISSING',
  },
  retargetAssignment: {
    good: async () => ({ assignmentId: (await assignment()).assignmentId, clusterSelector: {} }),
    bad: { assignmentId: NOBODY, clusterSelector: {} },
    code: 'ASSIGNMENT_MISSING',
  },
  retireBlueprintVersion: {
    good: active,
    bad: { blueprintId: NOBODY, version: 1 },
    code: 'BLUEPRINT_MISSING',
  },
  revokeApiToken: {
    good: async () => ({ tokenId: (await token()).id }),
    bad: { tokenId: NOBODY },
    code: 'TOKEN_MISSING',
  },
  revokeCluster: {
    good: async () => ({ clusterId: await cluster() }),
    bad: { clusterId: NOBODY },
    code: 'CLUSTER_MISSING',
  },
  saveBlueprintDraft: {
    good: () => ({ name: fresh(), document: DENY, expectedDraftVersion: 0 }),
    bad: { name: 'gone', document: DENY, expectedDraftVersion: 3 },
    code: 'BLUEPRINT_MISSING',
  },
  saveNamespacePolicy: {
    good: async () => ({ ...(await place()).where, name: fresh(), spec: RULES }),
    bad: { claim: 'nowhere', name: 'x', spec: RULES },
    code: 'NAMESPACE_CLAIM_MISSING',
  },
  saveRole: {
    good: () => ({ name: fresh(), permissions: ['Cluster:read'] }),
    bad: { name: 'x', permissions: ['Cluster:eat'] },
    code: 'INPUT_INVALID',
  },
  setApprovers: {
    good: async () => ({ project: await project(), keys: [APPROVER] }),
    bad: { project: 'nowhere', keys: [] },
    code: 'PROJECT_MISSING',
  },
  setGuardRails: {
    good: async () => ({ project: await project(), rails: { maxRules: 3 } }),
    bad: { rails: { maxRules: 0 } },
    code: 'INPUT_INVALID',
  },
  shareBlueprint: {
    good: async () => ({ blueprintId: await blueprint(), project: await project() }),
    bad: { blueprintId: NOBODY, project: 'default' },
    code: 'BLUEPRINT_MISSING',
  },
  shareNamespacePolicy: {
    good: async () => ({ namespacePolicyId: await policy(), project: await project() }),
    bad: { namespacePolicyId: NOBODY, project: 'default' },
    code: 'NAMESPACE_POLICY_MISSING',
  },
  trustNamespaceLabels: {
    good: () => ({ labels: [`example.com/${fresh()}`] }),
    bad: { labels: ['not a key'] },
    code: 'INPUT_INVALID',
  },
  unshareBlueprint: {
    good: async () => {
      const input = { blueprintId: await blueprint(), project: await project() };
      await mutate('shareBlueprint', input);
      return input;
    },
    bad: { blueprintId: NOBODY, project: 'default' },
    code: 'BLUEPRINT_MISSING',
  },
  unshareNamespacePolicy: {
    good: async () => {
      const input = { namespacePolicyId: await policy(), project: await project() };
      await mutate('shareNamespacePolicy', input);
      return input;
    },
    bad: { namespacePolicyId: NOBODY, project: 'default' },
    code: 'NAMESPACE_POLICY_MISSING',
  },
  updateNamespaceClaim: {
    good: async () => ({ namespaceClaimId: await claim(), namespaces: [fresh()] }),
    bad: { namespaceClaimId: NOBODY, namespaces: ['x'] },
    code: 'NAMESPACE_CLAIM_MISSING',
  },
  withdrawPolicyRequest: {
    good: async () => ({ policyRequestId: await request(hub.adminToken) }),
    bad: { policyRequestId: NOBODY },
    code: 'POLICY_REQUEST_MISSING',
  },
};

describe('every mutation', () => {
  it('stands in the table above, and takes a reason', async () => {
    const schema = await readFile('apps/control-plane/schema.graphql', 'utf8');
    const block = /^type Mutation \{([^]*?)^\}/m.exec(schema)?.[1] ?? '';
    const mutations = [...block.matchAll(/^  (\w+)\(input: (\w+)!\)/gm)];

    expect(mutations.map(([, name]) => name)).toEqual(Object.keys(MUTATIONS));
    expect(mutations).toHaveLength(block.match(/^  \w+\(/gm)?.length ?? 0);
    for (const [, , input] of mutations)
      expect(new RegExp(`^input ${input} \\{[^]*?^\\}`, 'm').exec(schema)?.[0]).toMatch(
        /^  reason: String!?$/m,
      );
  });

  it.each(Object.entries(MUTATIONS))(
    '%s leaves exactly one event, beside its change',
    async (operation, { good }) => {
      const input = await good();
      const before = await state();

      const left = await eventsOf(async () => {
        const { errors } = await mutate(operation, { ...input, reason: `trying ${operation}` });
        expect(errors).toEqual([]);
      });

      expect(left).toEqual([
        expect.objectContaining({
          operation,
          outcome: 'DONE',
          reason: `trying ${operation}`,
          actor: { kind: 'TOKEN', id: expect.any(String), name: 'first admin' },
          from: { address: '127.0.0.1', requestId: expect.stringMatching(/^[\da-f-]{36}$/) },
          thing: expect.any(String),
        }),
      ]);
      const isSame = operation === 'moveAssignment' || (await state()) !== before;
      expect(isSame).toBe(true);
    },
  );

  it.each(Object.entries(MUTATIONS))(
    '%s leaves no change and one event when it is refused',
    async (operation, { bad, code }) => {
      const before = await state();

      const left = await eventsOf(async () => {
        const { errors } = await mutate(operation, { reason: 'trying', ...bad });
        expect(errors.map(({ extensions }) => extensions['code'])).toEqual([code]);
      });

      expect(left).toEqual([
        expect.objectContaining({
          operation,
          outcome: 'REFUSED',
          code,
          reason: 'trying',
          changes: [],
        }),
      ]);
      expect(await state()).toBe(before);
    },
  );

  it.each(Object.entries(MUTATIONS))(
    '%s leaves one event of whoever has no right to it, and of what they named',
    async (operation, { good }) => {
      const { secret } = await binding();
      const input = await good();
      await hub.query('{ organization { name } }', {}, secret); // signs in
      await eventually(async () => expect((await events()).at(-1)?.operation).toBe('signIn'));
      const before = await state();

      const left = await eventsOf(async () => {
        const { errors } = await mutate(operation, input, secret);
        expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['FORBIDDEN']);
      });

      const named = Object.entries(input).find(([key]) => key.endsWith('Id'))?.[1] ?? null;
      expect(left).toEqual([
        expect.objectContaining({ operation, outcome: 'REFUSED', code: 'FORBIDDEN' }),
      ]);
      expect(left[0]?.thingId).toBe(named);
      expect(await state()).toBe(before);
    },
  );
});

describe('an event', () => {
  it('tells what was there before and what is there after', async () => {
    const { id } = await hub.register(fresh(), { tier: 'dev', region: 'eu' });

    const [event] = await eventsOf(() =>
      mutate('labelCluster', { clusterId: id, labels: { tier: 'prod', region: 'eu' } }),
    );

    expect(event).toMatchObject({
      thing: 'Cluster',
      thingId: id,
      changes: [{ path: 'labels.tier', before: 'dev', after: 'prod' }],
    });
    expect(event?.projectId).toMatch(/^[\da-f-]{36}$/);
  });

  it('about clusters of several projects is of none of them, whose auditors may not see the others', async () => {
    const approvals = [await approval(), await approval()];

    const [event] = await eventsOf(() => mutate('approvePolicySets', { approvals }));

    expect(event).toMatchObject({
      operation: 'approvePolicySets',
      outcome: 'DONE',
      thingName: '2 clusters',
      projectId: null,
    });
  });

  it('takes the request id of a proxy, and gives it back', async () => {
    const requestId = `proxy-${randomUUID()}`;
    const [event] = await eventsOf(async () => {
      const response = await fetch(`${hub.url}/graphql`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${hub.adminToken}`,
          'content-type': 'application/json',
          'x-request-id': requestId,
        },
        body: JSON.stringify({
          query: `mutation { createProject(input: { name: "${fresh()}" }) { name } }`,
        }),
      });
      expect(response.headers.get('x-request-id')).toBe(requestId);
    });

    expect(event?.from.requestId).toBe(requestId);
  });

  it('is one for each mutation of a request', async () => {
    const left = await eventsOf(() =>
      hub.ask(`mutation {
        a: createProject(input: { name: "${fresh()}", reason: "first" }) { name }
        b: createProject(input: { name: "${fresh()}", reason: "second" }) { name }
      }`),
    );

    expect(left.map(({ reason }) => reason)).toEqual(['first', 'second']);
  });

  it('says of a dry run, and of documents with problems, that nothing was changed', async () => {
    const yaml = BLUEPRINT(fresh());

    const left = await eventsOf(async () => {
      await mutate('applyDocuments', { yaml, dryRun: true });
      await mutate('applyDocuments', { yaml: 'kind: Nothing' });
      await mutate('saveBlueprintDraft', {
        name: fresh(),
        document: { x: 1 },
        expectedDraftVersion: 0,
      });
    });

    expect(left.map(({ outcome, code }) => `${outcome} ${code}`)).toEqual([
      'UNCHANGED DRY_RUN',
      'UNCHANGED PROBLEMS',
      'UNCHANGED PROBLEMS',
    ]);
  });

  it('refuses a reason that is too long', async () => {
    const { errors } = await mutate('createProject', { name: fresh(), reason: 'x'.repeat(501) });

    expect(errors[0]?.message).toContain('input.reason');
  });

  it('can be of an id that PostgreSQL does not take', async () => {
    const [event] = await eventsOf(() => mutate('revokeApiToken', { tokenId: 'a\u0000\ud800b' }));

    expect(event).toMatchObject({ outcome: 'REFUSED', thingId: 'a\ufffd\ufffdb' });
  });

  it('has no secret in it, whoever gave it to whom', async () => {
    const { secret } = await token();
    const { joinToken } = await hub.register(fresh());
    await mutate('createProject', { name: fresh(), reason: `with ${secret}` });
    await hub.query('{ organization { name } }', {}, `${secret}x`);
    await eventually(async () =>
      expect(await events()).toContainEqual(expect.objectContaining({ code: 'UNAUTHENTICATED' })),
    );

    const { rows } = await db.query('SELECT body FROM audit_events');

    const all = rows.map(({ body }) => body).join('\n');
    for (const hidden of [secret, joinToken, hub.adminToken]) expect(all).not.toContain(hidden);
    expect(all).not.toMatch(/picket_[\w-]{20}|token_?hash/i);
    expect(all).toContain('with [secret]');
  });
});

describe('what is no mutation', () => {
  it('has events too: bootstrap, and the first request of a token', async () => {
    const [first, second] = await events();

    expect(first).toMatchObject({ operation: 'bootstrap', actor: { kind: 'HUB' } });
    expect(second).toMatchObject({
      operation: 'signIn',
      outcome: 'DONE',
      actor: { name: 'first admin' },
      from: { address: '127.0.0.1' },
    });
  });

  it('leaves nothing of a query', async () => {
    expect(await eventsOf(() => hub.ask('{ clusters { totalCount } }'))).toEqual([]);
  });

  it('has one event for an agent that enrols, and one for each way in which it is refused', async () => {
    const { id, joinToken } = await hub.register('joins');
    const [agent, other] = [await ProtocolAgent.create(hub), await ProtocolAgent.create(hub)];

    const left = await eventsOf(async () => {
      await agent.enrol(joinToken);
      await agent.enrol(joinToken); // an answer was lost
      await expect(other.enrol(joinToken)).rejects.toThrow();
      await expect(other.enrol('picket_join_of_nobody')).rejects.toThrow();
      await expect(other.enrol('picket_join_of_nobody_else')).rejects.toThrow();
    });
    await Promise.all([agent.close(), other.close()]);

    expect(left).toEqual([
      expect.objectContaining({
        operation: 'enrolAgent',
        outcome: 'DONE',
        actor: { kind: 'AGENT', id, name: 'joins' },
        changes: [{ path: 'state', before: 'INVITED', after: 'APPROVED' }],
      }),
      expect.objectContaining({ code: 'JOIN_TOKEN_USED', thingId: id, actor: expect.anything() }),
      expect.objectContaining({ code: 'JOIN_TOKEN_UNKNOWN', thingId: null }),
    ]);
  });
});

describe('what happens often', () => {
  it('is summed: equal refusals by the minute, uses of a token by the hour', async () => {
    const other = await TestHub.start({}, 'main.api');
    const otherDb = new pg.Client({ connectionString: other.databaseUrl });
    await otherDb.connect();
    for (let at = 0; at < 30; at += 1) {
      await other.query(`mutation { createProject(input: { name: "default" }) { name } }`);
      await other.query('{ organization { name } }', {}, `picket_wrong_${at}`);
    }

    await other.down(); // writes what it has counted

    const { rows } = await otherDb.query('SELECT body FROM audit_events ORDER BY id');
    const { rows: uses } = await otherDb.query(
      'SELECT actor_name, count, addresses FROM token_uses',
    );
    await otherDb.end();
    await other.stop();
    const all = rows.map(({ body }) => JSON.parse(body) as AuditEvent);
    expect(
      all
        .filter(({ outcome }) => outcome === 'REFUSED')
        .map((event) => `${event.operation} ${event.code} ${event.count}`)
        .toSorted(),
    ).toEqual([
      'createProject PROJECT_EXISTS 1',
      'createProject PROJECT_EXISTS 29',
      'signIn UNAUTHENTICATED 1',
      'signIn UNAUTHENTICATED 29',
    ]);
    expect(uses).toEqual([{ actor_name: 'first admin', count: '30', addresses: ['127.0.0.1'] }]);
  });
});
