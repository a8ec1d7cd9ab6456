import { afterAll, beforeAll, expect } from '@jest/globals';
import pg from 'pg';

import {
  type Answer,
  type Backends,
  type Data,
  describeShapes,
  eventually,
  ProtocolAgent,
  TestHub,
} from '../../support/hub/index.ts';

export const codesOf = ({ errors }: Answer): unknown[] =>
  errors.map(({ extensions }) => extensions['code']);
const RESULT = `outcome problems { path code message allowed severity }
  namespacePolicy { id name version state namespaces spec expiresAt owner author reason } policyRequest { id state stale requestedBy baseVersion changes { path before after } problems { code } }`;
export const WRITTEN = `namespacePolicies { id name version namespaces spec } policyRequests { id } problems { code message severity }`;
export const NAME = 'kubernetes.io/metadata.name';
export const from = (app: string): object => ({
  podSelector: {},
  ingress: [{ from: [{ podSelector: { matchLabels: { app } } }] }],
});
export const egressTo = (cidr: string): object => ({
  podSelector: {},
  policyTypes: ['Egress'],
  egress: [{ to: [{ ipBlock: { cidr } }] }],
});
export const soon = (seconds: number): string =>
  new Date(Date.now() + seconds * 1_000).toISOString();

interface Team {
  readonly project: string;
  readonly claim: string;
  readonly namespace: string;
  readonly label: string;
  /** Secret of a token with this role for the claim. */
  readonly editor: string;
  readonly clusters: readonly Member[];
}
interface Member {
  readonly agent: ProtocolAgent;
  readonly id: string;
}

/** A platform with clusters, and teams that own namespaces in them: a hub of its own in each shape. */
export function describePolicies(title: string, tests: (scene: Scene) => void): void {
  describeShapes(title, (start) => {
    const scene = new Scene();
    beforeAll(() => scene.start(start));
    afterAll(() => scene.stop());
    tests(scene);
  });
}

class Scene {
  #backends: Backends | undefined;
  #hub: TestHub | undefined;
  readonly #agents: ProtocolAgent[] = [];
  #count = 0;

  get hub(): TestHub {
    if (!this.#hub) throw new Error('the hub has not started');
    return this.#hub;
  }

  async start(start: () => Promise<Backends>): Promise<void> {
    this.#backends = await start();
    this.#hub = await TestHub.start({ ...this.#backends.env, SWEEP_MS: '1000' });
    await this.hub.ask(`mutation { createProject(input: { name: "platform" }) { name } }`);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.close()));
    await this.#hub?.stop();
    await this.#backends?.stop();
  }

  /** Behind the hub’s back, to be old at once. */
  readonly sql = async (text: string, values: unknown[]): Promise<void> => {
    const client = new pg.Client({ connectionString: this.hub.databaseUrl });
    await client.connect();
    await client.query(text, values);
    await client.end();
  };

  /** A project with a claim of one namespace in clusters of its own, each with an agent that has told its facts. */
  readonly team = async ({ clusters = 1, rails = {} as object } = {}): Promise<Team> => {
    const n = (this.#count += 1);
    const [project, claim, namespace, label] = [`team-${n}`, `claim-${n}`, `ns-${n}`, `l-${n}`];
    await this.hub.ask(`mutation { createProject(input: { name: "${project}" }) { name } }`);
    const members = [];
    for (let index = 0; index < clusters; index++)
      members.push(await this.cluster(`c-${n}-${index}`, { team: label }));
    await this.hub.ask(
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
    if (Object.keys(rails).length > 0) await this.setRails(project, rails);
    const editor = await this.holder('NamespaceEditor', { project, claim });
    return { project, claim, namespace, label, editor, clusters: members };
  };

  readonly cluster = async (name: string, labels: object): Promise<Member> => {
    const { id, joinToken } = await this.hub.register(name, labels, 'platform');
    const agent = await ProtocolAgent.create(this.hub);
    this.#agents.push(agent);
    await agent.enrol(joinToken);
    await agent.sync();
    return { agent, id };
  };

  /** Secret of a new token with this role. */
  readonly holder = async (role: string, where: object): Promise<string> => {
    const { createApiToken } = await this.hub.ask(
      `mutation ($name: String!) { createApiToken(input: { name: $name }) { secret apiToken { id } } }`,
      { name: `h-${(this.#count += 1)}` },
    );
    await this.hub.ask(
      `mutation ($input: CreateRoleBindingInput!) { createRoleBinding(input: $input) { id } }`,
      { input: { role, subjectKind: 'TOKEN', subject: createApiToken.apiToken.id, ...where } },
    );
    return createApiToken.secret;
  };

  readonly setRails = (project: string, rails: object): Promise<Data> =>
    this.hub.ask(
      `mutation ($input: SetGuardRailsInput!) { setGuardRails(input: $input) { rails revision } }`,
      { input: { project, rails } },
    );

  readonly run = async (
    mutation: string,
    type: string,
    input: object,
    by: string,
    selection = RESULT,
  ): Promise<Data> => {
    const { data, errors } = await this.hub.query(
      `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${selection} } }`,
      { input },
      by,
    );
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    return data[mutation];
  };

  readonly save = (
    { project, claim, editor }: Team,
    name: string,
    spec: object,
    more: object = {},
    by = editor,
  ): Promise<Data> =>
    this.run(
      'saveNamespacePolicy',
      'SaveNamespacePolicyInput',
      { project, claim, name, spec, ...more },
      by,
    );

  /** Names of the templates of the set that a cluster is due. */
  readonly templates = async ({ id }: { readonly id: string }): Promise<string[]> => {
    const { cluster: read } = await this.hub.ask(
      `query ($id: ID!) { cluster(id: $id) { policySet { objects(first: 100) { edges { node { name template namespaceSelector origin { namespacePolicy claim project version blueprint } } } } } } }`,
      { id },
    );
    return (read.policySet?.objects.edges ?? []).map(({ node }: Data) => node.name);
  };

  /** Waits until the clusters of the team are due just these of its policies. */
  readonly stands = (team: Team, ...names: string[]): Promise<void> =>
    eventually(async () => {
      for (const one of team.clusters)
        expect(await this.templates(one)).toEqual(
          names.toSorted().map((name) => `${name}.${team.claim}.${team.project}`),
        );
    });
}
