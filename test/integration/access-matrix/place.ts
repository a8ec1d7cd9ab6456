import type { Answer, Data } from '../../support/hub/index.ts';

/** What a place needs of the world that it is in. */
interface Surroundings {
  /** Never the same twice. */
  name(): string;
  /** A mutation that must succeed. */
  do(mutation: string, input: object, selection: string, by: string): Promise<Data>;
  ask(query: string, variables: object, by: string | undefined): Promise<Answer>;
  sql(text: string, values?: unknown[]): Promise<Data[]>;
}

/** Where a question is about: a part of a project with one of everything. */
export class Place {
  readonly world: Surroundings;
  readonly project: string;
  readonly claim: string;
  readonly tier: string;
  /** A token that may do everything there. */
  readonly admin: string;
  /** A token other than `admin` that may ask for policies there. */
  readonly asker: string;

  constructor(
    world: Surroundings,
    where: { project: string; claim: string; tier: string; admin: string; asker: string },
  ) {
    this.world = world;
    ({
      project: this.project,
      claim: this.claim,
      tier: this.tier,
      admin: this.admin,
      asker: this.asker,
    } = where);
  }

  get namespace(): string {
    return this.claim;
  }
  get selector(): object {
    return { matchLabels: { tier: this.tier } };
  }

  do(mutation: string, input: object, selection = '', by = this.admin): Promise<Data> {
    return this.world.do(mutation, input, selection, by);
  }

  async cluster(): Promise<{ id: string; name: string }> {
    const { project } = this;
    const labels = { tier: this.tier, [`of-${project}`]: 'yes' };
    const input = { project, name: this.world.name(), labels };
    return (await this.do('registerCluster', input, '{ cluster { id name } }'))['cluster'];
  }

  /** A blueprint with an active version 1 and a version 2 that is not. */
  async blueprint(): Promise<{ id: string; name: string }> {
    const document = { namespacePolicies: [DENY] };
    const input = { project: this.project, name: this.world.name(), document };
    const { id, name } = await this.do(
      'saveBlueprintDraft',
      input,
      '{ ... on Blueprint { id name } }',
    );
    for (const _ of [1, 2])
      await this.do('publishBlueprint', { blueprintId: id }, '{ __typename }');
    await this.do('activateBlueprintVersion', { blueprintId: id, version: 1 }, '{ version }');
    return { id, name };
  }

  async assignment(): Promise<{ id: string; name: string; blueprintId: string }> {
    const { id: blueprintId } = await this.blueprint();
    const input = {
      project: this.project,
      name: this.world.name(),
      blueprintId,
      version: 1,
      clusterSelector: { matchLabels: { none: 'yet' } },
    };
    const { assignment } = await this.do('createAssignment', input, '{ assignment { id name } }');
    return { ...assignment, blueprintId };
  }

  async claimId(): Promise<string> {
    const { claim: name, project, admin } = this;
    const { data } = await this.world.ask(
      'query ($name: String, $project: String) { namespaceClaim(name: $name, project: $project) { id } }',
      { name, project },
      admin,
    );
    return data['namespaceClaim'].id;
  }

  /** Another claim of the project, in clusters that are not there yet. */
  async newClaim(): Promise<Data> {
    const name = this.world.name();
    const clusterSelector = { matchLabels: { none: 'yet' } };
    const input = { project: this.project, name, namespaces: [name], clusterSelector };
    return this.do('createNamespaceClaim', input, '{ id name }');
  }

  /** A policy of the claim, at version 2. */
  async policy(): Promise<{ id: string; name: string }> {
    const { project, claim, namespace } = this;
    const name = this.world.name();
    const save = (app: string): Promise<Data> =>
      this.do(
        'saveNamespacePolicy',
        { project, claim, name, namespaces: [namespace], spec: from(app) },
        '{ namespacePolicy { id } }',
      );
    await save('a');
    return { id: (await save('b'))['namespacePolicy'].id, name };
  }

  async exception(): Promise<{ id: string; name: string }> {
    const { project, claim, namespace } = this;
    const name = this.world.name();
    const input = { project, claim, name, namespaces: [namespace], spec: from('a') };
    const { namespacePolicy } = await this.do(
      'createException',
      { ...input, reason: 'test', expiresAt: inHours(1) },
      '{ namespacePolicy { id } }',
    );
    return { id: namespacePolicy.id, name };
  }

  /** A request for something outside the guard rails, of `by`. */
  async request(by = this.asker): Promise<{ id: string }> {
    const { project, claim, namespace } = this;
    const input = { project, claim, name: this.world.name(), namespaces: [namespace] };
    const { policyRequest } = await this.do(
      'saveNamespacePolicy',
      { ...input, spec: OUTSIDE },
      '{ policyRequest { id } }',
      by,
    );
    return { id: policyRequest.id };
  }

  /** A role that somebody has in the project, or for the claim. */
  async binding(role: string, forClaim: boolean): Promise<Data> {
    const { project, claim } = this;
    const subject = `${this.world.name()}@example.org`;
    return this.do(
      'createRoleBinding',
      { role, subjectKind: 'USER', subject, project, ...(forClaim && { claim }) },
      '{ id }',
    );
  }

  async token(): Promise<{ id: string; secret: string }> {
    const made = await this.do('createApiToken', { name: this.world.name() }, TOKEN);
    return { id: made['apiToken'].id, secret: made['secret'] };
  }

  async role(): Promise<string> {
    const name = this.world.name();
    await this.do('saveRole', { name, permissions: ['Project:read'] }, '{ name }');
    return name;
  }
}

export const TOKEN = '{ secret apiToken { id } }';
const DENY = { name: 'deny', namespaceSelector: {}, spec: { podSelector: {} } };
/** What guard rails let pass that ask for what is outside. */
export const from = (app: string): object => ({
  podSelector: { matchLabels: { app: 'mine' } },
  ingress: [{ from: [{ podSelector: { matchLabels: { app } } }] }],
});
export const OUTSIDE = {
  podSelector: { matchLabels: { app: 'mine' } },
  policyTypes: ['Egress'],
  egress: [{ to: [{ ipBlock: { cidr: '192.0.2.0/24' } }] }],
};
export const RAILS = {
  requiresApproval: 'whenOutside',
  ingress: { cidrs: ['0.0.0.0/0', '::/0'] },
  podNetworks: ['10.0.0.0/8'],
  maxPolicies: 1_000,
};
export const inHours = (hours: number): string =>
  new Date(Date.now() + hours * 3_600_000).toISOString();
