import { LabelSelector } from '@picket/selector';
import type { DataSource } from 'typeorm';
import { z } from 'zod';

import { type Connection, connectionOf, pageRequest } from '../platform/connection.ts';
import { inTransaction } from '../platform/database.ts';
import type { FanOut } from '../platform/fan-out.ts';
import { checked, nameSchema } from '../platform/input.ts';
import { abilityFor, type Instance, mayDo } from './ability.ts';
import {
  Escalation,
  LastAdmin,
  LimitReached,
  RoleBindingMissing,
  RoleMissing,
  TokenMissing,
} from './access.ts';
import { heldBy } from './held.ts';
import type { AccessRepository, ApiToken, RoleBinding, SubjectKind } from './access.repository.ts';
import { type Actor, authorize } from './actor.ts';
import { partsOf, Permission, Permissions, ROLES } from './permissions.ts';
import { noClusterOf, noProjectOf } from './missing.ts';
import { newToken, TOKEN_PREFIX } from './tokens.ts';

export interface Role {
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly builtIn: boolean;
}

export interface MyPermission {
  readonly permission: Permission;
  readonly project: string | null;
  readonly clusterSelector: LabelSelector | null;
}

interface Parts {
  readonly dataSource: DataSource;
  readonly access: AccessRepository;
  readonly fanOut: FanOut;
}

/** Each is a part of the condition of every list. */
const BINDINGS_MAX = 50;
/** All of them are listed at once. */
const ROLES_MAX = 200;
/** Most subjects of one answer. */
const SUBJECTS_MAX = 1_000;
const Subject = z.string().min(1).max(256);

/** The use cases of tokens, roles and role bindings. Whoever changes them, all replicas forget at once what they knew. */
export class AccessService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async listTokens(
    { ability }: Actor,
    first: number,
    after?: string,
  ): Promise<Connection<ApiToken>> {
    const { access } = this.#parts;
    const page = pageRequest(first, after);
    return connectionOf(
      await access.listTokens(ability, page.after, page.first + 1),
      page,
      ({ name, id }) => `${name}/${id}`,
      () => access.countTokens(ability),
    );
  }

  async createToken(
    actor: Actor,
    input: { name: string; expiresAt?: Date | null },
  ): Promise<{ apiToken: ApiToken; secret: string }> {
    const { organizationId } = actor;
    authorize(actor, 'write', 'Token', { organizationId });
    const name = checked(nameSchema, input.name, 'name');
    const expiresAt = checked(
      z.date().min(new Date(), { error: 'must be in the future' }).nullable(),
      input.expiresAt ?? null,
      'expiresAt',
    );
    const { token, hash } = newToken(TOKEN_PREFIX);
    const apiToken = await this.#parts.access.addToken(organizationId, name, hash, expiresAt);
    return { apiToken, secret: token };
  }

  async revokeToken(actor: Actor, id: string): Promise<string> {
    const { dataSource, access, fanOut } = this.#parts;
    const missing = new TokenMissing(`There is no token ${id}`, { id });
    const token = await access.findToken(id);
    if (!token) throw missing;
    authorize(actor, 'write', 'Token', token, missing);
    await inTransaction(dataSource, async (sql) => {
      await access.revokeToken(id, sql);
      await this.#keepAnAdmin(token.organizationId, sql);
    });
    await fanOut.publish('tokens.changed', null);
    return id;
  }

  async roles({ organizationId }: Actor): Promise<Role[]> {
    const custom = await this.#parts.access.customRoles(organizationId);
    return [
      ...Object.entries(ROLES).map(([name, permissions]) => ({ name, permissions, builtIn: true })),
      ...custom.map((role) => ({ ...role, builtIn: false })),
    ];
  }

  /** Throws Escalation for a permission, given or taken, that the actor does not have in the whole organization. */
  async saveRole(
    actor: Actor,
    input: { name: string; permissions: readonly string[] },
  ): Promise<Role> {
    const { organizationId } = actor;
    authorize(actor, 'write', 'RoleBinding', { organizationId });
    const name = checked(nameSchema, input.name, 'name');
    const permissions = checked(Permissions, [...input.permissions], 'permissions');
    const roles = await this.roles(actor);
    const before = roles.find((role) => role.name === name);
    if (!before && roles.length >= ROLES_MAX)
      throw new LimitReached(`An organization has at most ${ROLES_MAX} roles`, { max: ROLES_MAX });
    mustHave(actor, [...permissions, ...(before?.permissions ?? [])], { organizationId });
    await this.#parts.access.saveRole(organizationId, name, permissions);
    await this.#parts.fanOut.publish('tokens.changed', null);
    return { name, permissions, builtIn: false };
  }

  async deleteRole(actor: Actor, name: string): Promise<string> {
    const { dataSource, access, fanOut } = this.#parts;
    const { organizationId } = actor;
    authorize(actor, 'write', 'RoleBinding', { organizationId });
    const role = (await this.roles(actor)).find((each) => each.name === name && !each.builtIn);
    if (!role) throw new RoleMissing(`There is no role ${name} that could be deleted`, { name });
    mustHave(actor, role.permissions, { organizationId });
    await inTransaction(dataSource, (sql) => access.removeRole(organizationId, name, sql));
    await fanOut.publish('tokens.changed', null);
    return name;
  }

  /** Who may do something, by the same abilities that decide when they try. */
  async whoCan(
    actor: Actor,
    question: { permission: string; clusterId?: string; project?: string },
  ): Promise<{ subjectKind: SubjectKind; subject: string }[]> {
    const { access } = this.#parts;
    const permission = checked(Permission, question.permission, 'permission');
    const [thing, action] = partsOf(permission);
    const { organizationId } = actor;
    const instance = await this.#asked(actor, question);
    // Whoever reads bindings of a project learns of those that reach it from above, and of no other project's.
    authorize(actor, 'read', 'RoleBinding', instance);
    const roles = (await this.roles(actor)).filter(
      ({ permissions }) => permission === 'Organization:read' || permissions.includes(permission),
    );
    const subjects = await access.bindingsBySubject(
      organizationId,
      roles.map(({ name }) => name),
      instance.projectId ?? null,
    );
    return subjects
      .filter(({ bindings }) =>
        mayDo(abilityFor(organizationId, heldBy(bindings)), action, thing, instance),
      )
      .slice(0, SUBJECTS_MAX)
      .map(({ subjectKind, subject }) => ({ subjectKind, subject }));
  }

  async listBindings(
    { ability }: Actor,
    first: number,
    after?: string,
  ): Promise<Connection<RoleBinding>> {
    const { access } = this.#parts;
    const page = pageRequest(first, after);
    return connectionOf(
      await access.listBindings(ability, page.after, page.first + 1),
      page,
      ({ id }) => id,
      () => access.countBindings(ability),
    );
  }

  /** Gives somebody a role. Throws Escalation unless the actor may do all of it, all over that scope. */
  async bind(
    actor: Actor,
    input: {
      role: string;
      subjectKind: SubjectKind;
      subject: string;
      project?: string | null;
      clusterSelector?: unknown;
    },
  ): Promise<RoleBinding> {
    const { access, fanOut } = this.#parts;
    const { organizationId } = actor;
    const subject = checked(Subject, input.subject, 'subject');
    const selector = input.clusterSelector ?? null;
    const clusterSelector =
      selector === null ? null : checked(LabelSelector, selector, 'clusterSelector');
    const projectId = await this.#projectId(actor, input.project ?? null);
    const instance: Instance = { organizationId, ...(projectId !== null && { projectId }) };
    authorize(actor, 'write', 'RoleBinding', instance);
    const role = (await this.roles(actor)).find(({ name }) => name === input.role);
    if (!role) throw new RoleMissing(`There is no role ${input.role}`, { name: input.role });
    if (input.subjectKind === 'TOKEN') await this.#ownToken(actor, subject);
    mustHave(actor, role.permissions, instance);
    if ((await access.countBindingsOf(organizationId, input.subjectKind, subject)) >= BINDINGS_MAX)
      throw new LimitReached(`One subject has at most ${BINDINGS_MAX} role bindings`, {
        max: BINDINGS_MAX,
      });
    const binding = await access.addBinding({
      organizationId,
      role: role.name,
      subjectKind: input.subjectKind,
      subject,
      projectId,
      clusterSelector,
    });
    await fanOut.publish('tokens.changed', null);
    return binding;
  }

  async unbind(actor: Actor, id: string): Promise<string> {
    const { dataSource, access, fanOut } = this.#parts;
    const missing = new RoleBindingMissing(`There is no role binding ${id}`, { id });
    const binding = await access.findBinding(id);
    if (!binding) throw missing;
    const { organizationId, projectId } = binding;
    const instance = { organizationId, ...(projectId !== null && { projectId }) };
    authorize(actor, 'write', 'RoleBinding', instance, missing);
    const role = (await this.roles(actor)).find(({ name }) => name === binding.role);
    mustHave(actor, role?.permissions ?? [], instance);
    await inTransaction(dataSource, async (sql) => {
      await access.removeBinding(id, sql);
      await this.#keepAnAdmin(organizationId, sql);
    });
    await fanOut.publish('tokens.changed', null);
    return id;
  }

  /** What the actor may do, by permission and scope. */
  async permissionsOf({ held }: Actor): Promise<MyPermission[]> {
    const projectIds = held.flatMap(({ scope }) =>
      scope.kind === 'organization' || scope.projectId === null ? [] : [scope.projectId],
    );
    const names = await this.#parts.access.projectNames(projectIds);
    return held.flatMap(({ permissions, scope }) => {
      const projectId = scope.kind === 'organization' ? null : scope.projectId;
      const project = projectId === null ? null : (names.get(projectId) ?? null);
      const clusterSelector = scope.kind === 'clusters' ? scope.selector : null;
      return permissions
        .filter((permission) => clusterSelector === null || permission.startsWith('Cluster:'))
        .map((permission) => ({ permission, project, clusterSelector }));
    });
  }

  async #asked(
    actor: Actor,
    { clusterId, project }: { clusterId?: string; project?: string },
  ): Promise<Instance> {
    const { organizationId, ability } = actor;
    if (clusterId !== undefined) {
      const cluster = await this.#parts.access.findCluster(clusterId);
      if (!cluster || !mayDo(ability, 'read', 'Cluster', cluster))
        throw noClusterOf({ id: clusterId });
      return cluster;
    }
    const projectId = await this.#projectId(actor, project ?? null);
    return { organizationId, ...(projectId !== null && { projectId }) };
  }

  async #projectId(
    { organizationId, ability }: Actor,
    name: string | null,
  ): Promise<string | null> {
    if (name === null) return null;
    const project = await this.#parts.access.findProject(organizationId, name);
    const isSeen =
      project && mayDo(ability, 'read', 'Project', { organizationId, projectId: project.id });
    if (!isSeen) throw noProjectOf(name);
    return project.id;
  }

  /** A token of another organization is none. */
  async #ownToken({ organizationId }: Actor, id: string): Promise<void> {
    const token = z.uuid().safeParse(id).success
      ? await this.#parts.access.findToken(id)
      : undefined;
    if (token?.organizationId !== organizationId)
      throw new TokenMissing(`There is no token ${id}`, { id });
  }

  /** Nobody may lock everybody out, by mistake or by hand. */
  async #keepAnAdmin(
    organizationId: string,
    sql: Parameters<AccessRepository['countAdmins']>[1],
  ): Promise<void> {
    if ((await this.#parts.access.countAdmins(organizationId, sql)) === 0)
      throw new LastAdmin('The organization would have no OrgAdmin any more', {});
  }
}

/** One can only give, and take away, what one has, all over where it holds. */
function mustHave(
  { ability }: Actor,
  permissions: readonly Permission[],
  instance: Instance,
): void {
  for (const permission of permissions) {
    const [thing, action] = partsOf(permission);
    if (!mayDo(ability, action, thing, instance))
      throw new Escalation(
        `You may neither give nor take ${permission}, which you do not have there yourself`,
        {
          permission,
        },
      );
  }
}
