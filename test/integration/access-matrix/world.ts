import pg from 'pg';

import { hashToken, newToken } from '../../../apps/control-plane/src/access/tokens.ts';
import { type Answer, type Data, ProtocolAgent, TestHub } from '../../support/hub/index.ts';

import { Place, RAILS, TOKEN } from './place.ts';

/** What changes by itself, or says that somebody asked. */
const NOT_STATE = [
  'audit_events',
  'audit_unsealed',
  'audit_seals',
  'audit_heads',
  'audit_stream',
  'token_uses',
];

/** A hub with two organizations. Ours has the projects `shop`, `bank` and `plaza`, the strangers’ has `vault`. */
export class World {
  readonly hub: TestHub;
  readonly #database: pg.Client;
  #count = 0;
  #agent: ProtocolAgent | undefined;
  #digest = '';

  private constructor(hub: TestHub, database: pg.Client) {
    this.hub = hub;
    this.#database = database;
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<World> {
    // Without a worker nothing changes but by what is asked.
    const hub = await TestHub.start(env, 'main.api');
    const database = new pg.Client({ connectionString: hub.databaseUrl });
    await database.connect();
    const world = new World(hub, database);
    await world.#prepareDigest();
    return world;
  }

  /** The four places of the table, and who may do everything in the other organization. */
  async settle(): Promise<{ places: Place[]; strangers: string }> {
    const { adminToken: admin } = this.hub;
    const strangers = await this.#organization('strangers');
    const shop = await this.#project('shop', admin, [
      ['web', 'prod'],
      ['api', 'dev'],
    ]);
    const bank = await this.#project('bank', admin, [['books', 'prod']]);
    const vault = await this.#project('vault', strangers, [['gold', 'prod']]);
    await this.#project('plaza', admin, []);
    return { places: [...shop, ...bank, ...vault], strangers };
  }

  async stop(): Promise<void> {
    await this.#agent?.close();
    await this.#database.end();
    await this.hub.stop();
  }

  /** Never the same twice. */
  name(): string {
    return `n-${(this.#count += 1)}`;
  }

  /** A mutation that must succeed. */
  async do(mutation: string, input: object, selection: string, by: string): Promise<Data> {
    const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
    const answer = await this.hub.query(
      `mutation ($input: ${type}!) { ${mutation}(input: $input) ${selection} }`,
      { input },
      by,
    );
    if (answer.errors.length > 0)
      throw new Error(`${mutation} ${JSON.stringify(input)}: ${JSON.stringify(answer.errors)}`);
    return answer.data[mutation];
  }

  ask(query: string, variables: object, by: string | undefined): Promise<Answer> {
    return this.hub.query(query, variables, by ?? '');
  }

  /** Another organization, and the token of its administrator. */
  async #organization(name: string): Promise<string> {
    const { token, hash } = newToken('picket_');
    await this.sql(
      `WITH o AS (INSERT INTO organizations (name) VALUES ($1) RETURNING id),
         t AS (INSERT INTO api_tokens (organization_id, name, token_hash) SELECT id, 'admin', $2 FROM o RETURNING id, organization_id)
       INSERT INTO role_bindings (organization_id, subject_kind, subject, role) SELECT organization_id, 'TOKEN', id::text, 'OrgAdmin' FROM t`,
      [name, hash],
    );
    if (!hashToken(token).equals(hash)) throw new Error('The token is not that of the hash');
    return token;
  }

  /** A project with guard rails and clusters, and claims: [claim, tier]. */
  async #project(name: string, admin: string, claims: [string, string][]): Promise<Place[]> {
    await this.do('createProject', { name }, '{ name }', admin);
    await this.do('setGuardRails', { project: name, rails: RAILS }, '{ revision }', admin);
    const asker = await this.holder('OrgAdmin', {}, admin);
    const places = claims.map(
      ([claim, tier]) => new Place(this, { project: name, claim, tier, admin, asker }),
    );
    for (const place of places) {
      const { project, claim, selector: clusterSelector } = place;
      const namespaces = [claim, ...Array.from({ length: 30 }, (_, n) => `${claim}-${n}`)];
      const input = { project, name: claim, clusterSelector, namespaces };
      await place.do('createNamespaceClaim', input, '{ id }');
    }
    return places;
  }

  /** A token with a role, somewhere. */
  async holder(role: string, where: object, admin: string): Promise<string> {
    const { secret, apiToken } = await this.do(
      'createApiToken',
      { name: this.name() },
      TOKEN,
      admin,
    );
    await this.do(
      'createRoleBinding',
      { role, subjectKind: 'TOKEN', subject: apiToken.id, ...where },
      '{ id }',
      admin,
    );
    return secret;
  }

  /** What an agent of a cluster of the place shows at its own door. */
  async agentToken({ project, admin }: Place): Promise<string> {
    const { joinToken } = await this.do(
      'registerCluster',
      { project, name: this.name() },
      '{ joinToken }',
      admin,
    );
    this.#agent = await ProtocolAgent.create(this.hub);
    await this.#agent.enrol(joinToken);
    return this.#agent.accessToken(this.hub);
  }

  async sql(text: string, values: unknown[] = []): Promise<Data[]> {
    return (await this.#database.query<Data>(text, values)).rows;
  }

  /** The same as long as nothing has changed. */
  async state(): Promise<string> {
    const [row] = await this.sql(this.#digest);
    return row!['digest'];
  }

  async #prepareDigest(): Promise<void> {
    const columns = await this.sql(
      `SELECT table_name AS "table", string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) AS columns
       FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
       WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND NOT table_name = ANY($1) AND column_name <> 'last_used_at' GROUP BY table_name`,
      [NOT_STATE],
    );
    if (columns.length < 20) throw new Error('The tables of the hub are not where they were');
    const parts = columns.map(
      ({ table, columns: list }) =>
        `SELECT '${table}' AS name, md5(coalesce(string_agg(row::text, ' ' ORDER BY row::text), '')) AS hash FROM (SELECT ${list} FROM ${table}) AS row`,
    );
    this.#digest = `SELECT string_agg(name || hash, ' ' ORDER BY name) AS digest FROM (${parts.join(' UNION ALL ')}) AS tables`;
  }
}
