import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
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

const NOBODY = { matchLabels: { no: 'body' } };
const ROUNDS = Array.from({ length: 5 }, (_, round) => round);
const DENY = (description: string): object => ({
  description,
  namespacePolicies: [{ name: 'deny', namespaceSelector: {}, spec: { podSelector: {} } }],
});
const MUTATIONS = {
  save: `mutation ($input: SaveBlueprintDraftInput!) { saveBlueprintDraft(input: $input) { ... on Blueprint { id draftVersion draft } } }`,
  publish: `mutation ($input: PublishBlueprintInput!) { publishBlueprint(input: $input) { ... on BlueprintVersion { version document } } }`,
  activate: `mutation ($input: ActivateBlueprintVersionInput!) { activateBlueprintVersion(input: $input) { state } }`,
  retire: `mutation ($input: RetireBlueprintVersionInput!) { retireBlueprintVersion(input: $input) { state } }`,
  create: `mutation ($input: CreateAssignmentInput!) { createAssignment(input: $input) { assignment { id version } } }`,
  retarget: `mutation ($input: RetargetAssignmentInput!) { retargetAssignment(input: $input) { assignment { revision } } }`,
  remove: `mutation ($input: DeleteAssignmentInput!) { deleteAssignment(input: $input) }`,
  register: `mutation ($input: RegisterClusterInput!) { registerCluster(input: $input) { cluster { id } } }`,
  approve: `mutation ($input: ApproveClusterInput!) { approveCluster(input: $input) { state } }`,
  revoke: `mutation ($input: RevokeClusterInput!) { revokeCluster(input: $input) { state } }`,
  project: `mutation ($input: CreateProjectInput!) { createProject(input: $input) { name } }`,
};

function suite(start: () => Promise<Backends>): void {
  let backends: Backends;
  let hub: TestHub;
  /** Somebody else on the same database. */
  let database: pg.Client;
  const agents: ProtocolAgent[] = [];

  beforeAll(async () => {
    backends = await start();
    hub = await TestHub.start({ ...backends.env, SWEEP_MS: '600000' });
    database = new pg.Client({ connectionString: hub.databaseUrl });
    await database.connect();
    await hub.ask(MUTATIONS.project, { input: { name: 'careful', requiresApproval: true } });
  });
  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.close()));
    await database?.end();
    await hub?.stop();
    await backends?.stop();
  });

  const mutate = (name: keyof typeof MUTATIONS, input: object): Promise<Answer> =>
    hub.query(MUTATIONS[name], { input });
  const codes = (answers: readonly Answer[]): string[] =>
    answers.map(({ errors }) => (errors[0]?.extensions['code'] ?? 'done') as string).toSorted();
  async function member(
    name: string,
    labels: object,
    project = 'default',
  ): Promise<{ id: string; agent: ProtocolAgent }> {
    const { id, joinToken } = await hub.register(name, labels, project);
    const agent = await ProtocolAgent.create(hub);
    agents.push(agent);
    await agent.enrol(joinToken);
    return { id, agent };
  }
  async function active(name: string): Promise<{ blueprintId: string; version: number }> {
    const { data } = await mutate('save', { name, document: DENY(name), expectedDraftVersion: 0 });
    const blueprintId = data['saveBlueprintDraft'].id;
    const { data: published } = await mutate('publish', { blueprintId });
    const { version } = published['publishBlueprint'];
    await mutate('activate', { blueprintId, version });
    return { blueprintId, version };
  }

  describe('of two at once', () => {
    it.each([
      ['projects of one name', 'project', { name: 'same' }, 'PROJECT_EXISTS'],
      ['clusters of one name', 'register', { name: 'same' }, 'CLUSTER_EXISTS'],
      [
        'new blueprints of one name',
        'save',
        { name: 'same', document: DENY('a'), expectedDraftVersion: 0 },
        'BLUEPRINT_CHANGED',
      ],
    ] as const)('one is made: %s', async (_what, name, input, code) => {
      const answers = await Promise.all([
        mutate(name, input),
        mutate(name, input),
        mutate(name, input),
      ]);

      expect(codes(answers)).toEqual([code, code, 'done'].toSorted());
    });

    it('saves one is kept, and the other sees it', async () => {
      const { data } = await mutate('save', {
        name: 'saved',
        document: DENY('first'),
        expectedDraftVersion: 0,
      });
      const answers = await Promise.all(
        ['mine', 'theirs'].map((text) =>
          mutate('save', { name: 'saved', document: DENY(text), expectedDraftVersion: 1 }),
        ),
      );

      const kept = answers.find(({ errors }) => errors.length === 0)?.data['saveBlueprintDraft'];
      const refused = answers.find(({ errors }) => errors.length > 0)?.errors[0]?.extensions;
      expect(data['saveBlueprintDraft'].draftVersion).toBe(1);
      expect(refused).toMatchObject({
        code: 'BLUEPRINT_CHANGED',
        details: { expectedDraftVersion: 1, actualDraftVersion: 2, draft: kept.draft },
      });
    });

    it('publishes of one draft give two versions of the same document, without a gap', async () => {
      const { data } = await mutate('save', {
        name: 'published',
        document: DENY('x'),
        expectedDraftVersion: 0,
      });
      const { id: blueprintId } = data['saveBlueprintDraft'];

      const answers = await Promise.all(ROUNDS.map(() => mutate('publish', { blueprintId })));

      const versions = answers.map(({ data: answer }) => answer['publishBlueprint']);
      expect(new Set(versions.map(({ version }) => version))).toEqual(new Set([1, 2, 3, 4, 5]));
      expect(new Set(versions.map(({ document }) => JSON.stringify(document))).size).toBe(1);
    });

    it('a publish and a save: what is published is what was looked at', async () => {
      for (const round of ROUNDS) {
        const name = `raced-${round}`;
        const { data } = await mutate('save', {
          name,
          document: DENY('seen'),
          expectedDraftVersion: 0,
        });
        const { id: blueprintId } = data['saveBlueprintDraft'];

        const [publish] = await Promise.all([
          mutate('publish', { blueprintId, expectedDraftVersion: 1 }),
          mutate('save', { name, document: DENY('unseen'), expectedDraftVersion: 1 }),
        ]);

        if (publish.errors.length > 0) expect(codes([publish])).toEqual(['BLUEPRINT_CHANGED']);
        else expect(publish.data['publishBlueprint'].document.description).toBe('seen');
      }
    });

    it('an assignment and the retirement of its version: never an assignment to a retired one', async () => {
      for (const round of ROUNDS) {
        const pin = await active(`pinned-${round}`);
        const answers = await Promise.all([
          mutate('create', { ...pin, name: `pinned-${round}`, clusterSelector: NOBODY }),
          mutate('retire', pin),
        ]);

        expect([
          ['VERSION_IN_USE', 'done'],
          ['VERSION_NOT_ACTIVE', 'done'],
        ]).toContainEqual(codes(answers));
      }
    });

    it('an approval and a revocation: revoked it stays', async () => {
      for (const round of ROUNDS) {
        const { id: clusterId } = await member(`waiting-${round}`, {}, 'careful');

        await Promise.all([mutate('approve', { clusterId }), mutate('revoke', { clusterId })]);

        const { cluster } = await hub.ask('query ($id: ID!) { cluster(id: $id) { state } }', {
          id: clusterId,
        });
        expect(cluster.state).toBe('REVOKED');
      }
    });

    it('deletions of one assignment: one deletes, the other finds nothing', async () => {
      const pin = await active('deleted');
      const { data } = await mutate('create', { ...pin, name: 'deleted', clusterSelector: NOBODY });
      const { id: assignmentId } = data['createAssignment'].assignment;

      const answers = await Promise.all([
        mutate('remove', { assignmentId }),
        mutate('remove', { assignmentId }),
      ]);

      expect(codes(answers)).toEqual(['ASSIGNMENT_MISSING', 'done']);
    });
  });

  it('an assignment that is aimed elsewhere while it is deleted leaves nothing behind', async () => {
    const there = await member('elsewhere', { aim: 'elsewhere' });
    await there.agent.sync();
    for (const round of ROUNDS) {
      const pin = await active(`aimed-${round}`);
      const { data } = await mutate('create', {
        ...pin,
        name: `aimed-${round}`,
        clusterSelector: { matchLabels: { aim: 'here' } },
      });
      const { id: assignmentId } = data['createAssignment'].assignment;

      await Promise.all([
        mutate('retarget', {
          assignmentId,
          clusterSelector: { matchLabels: { aim: 'elsewhere' } },
        }),
        mutate('remove', { assignmentId }),
      ]);
    }

    await eventually(async () => expect(await objectsOf(there.id)).toEqual([]));
  });

  it('edits in quick succession all reach the cluster, also those that meet a recomputation', async () => {
    const { id, agent } = await member('busy', { suite: 'busy' });
    await agent.sync();
    const names = Array.from(
      { length: 20 },
      (_, index) => `quick-${String(index).padStart(2, '0')}`,
    );
    for (const name of names) await hub.apply(oneBlueprint(name, 'busy'));

    await eventually(async () => expect(await objectsOf(id)).toEqual(names));
  });

  // A report that is taken in and a heartbeat that is saved hold the row of their cluster like this, for their foreign keys.
  it('a cluster whose report is just taken in is recomputed nevertheless', async () => {
    const { id, agent } = await member('reporting', { suite: 'reporting' });
    await agent.sync();

    await whileHeld(id, 'FOR KEY SHARE', async () => {
      await hub.apply(oneBlueprint('reporting'));

      await eventually(async () => expect(await objectsOf(id)).toEqual(['reporting']));
    });
  });

  it('a cluster that somebody else changes just then is recomputed right after', async () => {
    const { id, agent } = await member('held', { suite: 'held' });
    await agent.sync();
    await eventually(async () => expect(await objectsOf(id)).toEqual([]));
    await database.query(
      'UPDATE clusters SET stale = true, desired_digest = NULL, render_key = NULL WHERE id = $1',
      [id],
    );

    await whileHeld(id, 'FOR UPDATE', async () => {
      // Its job comes while the row is held; no other job follows.
      await hub.apply(oneBlueprint('nobody'));
      const other = await member('beside', { suite: 'nobody' });
      await other.agent.sync();
      await eventually(async () => expect(await objectsOf(other.id)).toEqual(['nobody']));
    });

    await eventually(async () => expect(await objectsOf(id)).toEqual([]));
  });

  const oneBlueprint = (name: string, suiteOf = name): string => `apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: ${name} }
spec: { namespacePolicies: [{ name: ${name}, namespaceSelector: {}, spec: { podSelector: {} } }] }
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: ${name} }
spec: { blueprint: ${name}, clusterSelector: { matchLabels: { suite: ${suiteOf} } } }
`;

  /** Does the work while a transaction of somebody else has the row of a cluster. */
  async function whileHeld(id: string, lock: string, work: () => Promise<void>): Promise<void> {
    await database.query('BEGIN');
    try {
      await database.query(`SELECT id FROM clusters WHERE id = $1 ${lock}`, [id]);
      await work();
    } finally {
      await database.query('COMMIT');
    }
  }

  const objectsOf = async (id: string): Promise<string[]> => {
    const { cluster } = await hub.ask(
      `query ($id: ID!) { cluster(id: $id) { policySet { objects(first: 50) { edges { node { origin { blueprint } } } } } } }`,
      { id },
    );
    return cluster.policySet?.objects.edges
      .map(({ node }: Data) => node.origin.blueprint)
      .toSorted();
  };
}

describeShapes('changes at once', suite);
