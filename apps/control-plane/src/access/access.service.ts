import { LabelSelector } from '@picket/selector';
import { z } from 'zod';

import type { Changes } from '../audit/changes.ts';
import { type Connection, connectionOf, pageRequest } from '../platform/connection.ts';
import type { Sql } from '../platform/database.ts';
import type { FanOut } from '../platform/fan-out.ts';
import { checked, InputInvalid, nameSchema } from '../platform/input.ts';
import { abilityFor, type Instance, isReached, mayDo } from './ability.ts';
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
import { type Actor, authorize, type Caller } from './actor.ts';
import { partsOf, Permission, Permissions, ROLES } from './permissions.ts';
import { noClaimOf, noClusterOf, noProjectOf } from './missing.ts';
import type { Scope } from './scope.ts';
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
  readonly claim: string | null;
}

/** The caller, for whom it is; `organization` is a name. */
export interface Me extends Required<Caller> {
  readonly organization: string;
}

interface Parts {
  readonly changes: Changes;
  readonly access: AccessRepository;
  readonly fanOut: FanOut;
}

/** Each may be a part of the condition of every list. */
const BINDINGS_MAX = 50;
/** Those of claims are joined. */
const CLAIM_BINDINGS_MAX = 2_000;
/** All of them are listed at once. */
const ROLES_MAX = 200;
/** Most subjects of one answer. */
const SUBJECTS_MAX = 1_000;
/** As the issuer writes it, except that nobody can see the difference between two. */
const Subject = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[^\s\p{C}]([^\p{C}]*[^\s\p{C}])?$/u, {
    error: 'must not begin or end with a space, nor hold characters that cannot be seen',
  });

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
    const { access, changes } = this.#parts;
    const apiToken = await changes.make(actor, async (sql, record) => {
      const made = await access.addToken(organizationId, name, hash, expiresAt, sql);
      record({ id: made.id, name, after: { name, expiresAt } });
      return made;
    });
    return { apiToken, secret: token };
  }

  async revokeToken(actor: Actor, id: string): Promise<string> {
    const { changes, access, fanOut } = this.#parts;
    const missing = new TokenMissing(`There is no token ${id}`, { id });
    const token = await access.findToken(id);
    if (!token) throw missing;
    authorize(actor, 'write', 'Token', token, missing);
    await changes.make(actor, async (sql, record) => {
      await access.revokeToken(id, sql);
      await this.#keepAnAdmin(actor, sql);
      const { name, expiresAt } = token;
      record({ id, name, before: { name, expiresAt } });
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
    await this.#parts.changes.make(actor, async (sql, record) => {
      await this.#parts.access.saveRole(organizationId, name, permissions, sql);
      record({ thing: 'Role', name, before: shown(before), after: { permissions } });
    });
    await this.#parts.fanOut.publish('tokens.changed', null);
    return { name, permissions, builtIn: false };
  }

  async deleteRole(actor: Actor, name: string): Promise<string> {
    const { changes, access, fanOut } = this.#parts;
    const { organizationId } = actor;
    authorize(actor, 'write', 'RoleBinding', { organizationId });
    const role = (await this.roles(actor)).find((each) => each.name === name && !each.builtIn);
    if (!role) throw new RoleMissing(`There is no role ${name} that could be deleted`, { name });
    mustHave(actor, role.permissions, { organizationId });
    await changes.make(actor, async (sql, record) => {
      await access.removeRole(organizationId, name, sql);
      record({ thing: 'Role', name, before: shown(role) });
    });
    await fanOut.publish('tokens.changed', null);
    return name;
  }

  /** Who may do something, by the same abilities that decide when they try. */
  async whoCan(
    actor: Actor,
    question: { permission: string; clusterId?: string; project?: string; claim?: string },
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
      // Claims of other projects may reach a cluster: its owner may know who sees it.
      thing === 'Cluster' && instance.labels
        ? undefined
        : [instance.projectId].filter((id) => id !== undefined),
    );
    const claims = await access.claimsOf(subjects.flatMap(({ bindings }) => bindings));
    return subjects
      .filter(({ bindings }) =>
        mayDo(abilityFor(organizationId, heldBy(bindings, claims)), action, thing, instance),
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
      claim?: string | null;
    },
  ): Promise<RoleBinding> {
    const { access, changes, fanOut } = this.#parts;
    const { organizationId } = actor;
    const subject = checked(Subject, input.subject, 'subject');
    const selector = input.clusterSelector ?? null;
    const clusterSelector =
      selector === null ? null : checked(LabelSelector, selector, 'clusterSelector');
    const place = await this.#place(actor, input.project ?? null, input.claim ?? null);
    const instance: Instance = { organizationId, ...place };
    authorize(actor, 'write', 'RoleBinding', instance);
    if (clusterSelector !== null && place.claimId !== undefined)
      throw new InputInvalid('Invalid role binding', [
        {
          path: 'clusterSelector',
          code: 'TOO_MANY_SCOPES',
          message: 'a binding is for picked clusters or for a claim, not for both',
          severity: 'error',
        },
      ]);
    const role = (await this.roles(actor)).find(({ name }) => name === input.role);
    if (!role) throw new RoleMissing(`There is no role ${input.role}`, { name: input.role });
    if (input.subjectKind === 'TOKEN') await this.#ownToken(actor, subject);
    mustHave(actor, role.permissions, instance);
    const ofClaims = place.claimId !== undefined;
    const max = ofClaims ? CLAIM_BINDINGS_MAX : BINDINGS_MAX;
    const who = { organizationId, subjectKind: input.subjectKind, subject };
    const projectId = place.projectId ?? null;
    // By project: else those who administer one could use up what somebody may have in the others.
    if ((await access.countBindingsOf(who, projectId, ofClaims)) >= max)
      throw new LimitReached(
        `One subject has at most ${max} role bindings ${ofClaims ? 'for claims' : 'that are not for claims'} in a project`,
        { max },
      );
    const given = {
      organizationId,
      role: role.name,
      subjectKind: input.subjectKind,
      subject,
      projectId,
      clusterSelector,
      claimId: place.claimId ?? null,
    };
    const binding = await changes.make(actor, async (sql, record) => {
      const made = await access.addBinding(given, sql);
      record({ id: made.id, projectId: given.projectId, after: shownBinding(made) });
      return made;
    });
    await fanOut.publish('tokens.changed', null);
    return binding;
  }

  async unbind(actor: Actor, id: string): Promise<string> {
    const { changes, access, fanOut } = this.#parts;
    const missing = new RoleBindingMissing(`There is no role binding ${id}`, { id });
    const binding = await access.findBinding(id);
    if (!binding) throw missing;
    const { organizationId, projectId, claimId } = binding;
    const instance = {
      organizationId,
      ...(projectId !== null && { projectId }),
      ...(claimId !== null && { claimId }),
    };
    authorize(actor, 'write', 'RoleBinding', instance, missing);
    const role = (await this.roles(actor)).find(({ name }) => name === binding.role);
    mustHave(actor, role?.permissions ?? [], instance);
    await changes.make(actor, async (sql, record) => {
      await access.removeBinding(id, sql);
      await this.#keepAnAdmin(actor, sql);
      record({ id, projectId, before: shownBinding(binding) });
    });
    await fanOut.publish('tokens.changed', null);
    return id;
  }

  async me({ caller, organizationId }: Actor): Promise<Me> {
    const organization = await this.#parts.access.organizationName(organizationId);
    return { ...caller, groups: caller.groups ?? [], organization };
  }

  /** What the actor may do, by permission and scope. */
  async permissionsOf({ held }: Actor): Promise<MyPermission[]> {
    const projectIds = held.flatMap(({ scope }) => projectOf(scope) ?? []);
    const names = await this.#parts.access.projectNames([...new Set(projectIds)]);
    return held.flatMap(({ permissions, scope }) => {
      const projectId = projectOf(scope);
      const project = projectId === null ? null : (names.get(projectId) ?? null);
      const clusterSelector = scope.kind === 'clusters' ? scope.selector : null;
      const claim = scope.kind === 'claim' ? scope.claim.name : null;
      return permissions
        .filter((permission) => isReached(permission, scope))
        .map((permission) => ({ permission, project, clusterSelector, claim }));
    });
  }

  async #asked(
    actor: Actor,
    { clusterId, project, claim }: { clusterId?: string; project?: string; claim?: string },
  ): Promise<Instance> {
    const { organizationId, ability } = actor;
    if (clusterId !== undefined) {
      const cluster = await this.#parts.access.findCluster(clusterId);
      if (!cluster || !mayDo(ability, 'read', 'Cluster', cluster))
        throw noClusterOf({ id: clusterId });
      return cluster;
    }
    return { organizationId, ...(await this.#place(actor, project ?? null, claim ?? null)) };
  }

  /** A project, or a claim of it, that the actor sees. */
  async #place(
    actor: Actor,
    project: string | null,
    claim: string | null,
  ): Promise<{ projectId?: string; claimId?: string }> {
    const { organizationId, ability } = actor;
    const projectId = await this.#projectId(
      actor,
      claim === null ? project : (project ?? 'default'),
    );
    if (projectId === null) return {};
    if (claim === null) return { projectId };
    const found = await this.#parts.access.findClaim(projectId, claim);
    const instance = found && { organizationId, projectId, claimId: found.id };
    if (!instance || !mayDo(ability, 'read', 'NamespaceClaim', instance))
      throw noClaimOf({ name: claim });
    return { projectId, claimId: found.id };
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
  async #keepAnAdmin({ organizationId, caller }: Actor, sql: Sql): Promise<void> {
    if ((await this.#parts.access.countAdmins(organizationId, caller, sql)) === 0)
      throw new LastAdmin(
        'The organization would have no OrgAdmin any more of whom the hub knows that they can sign in: a token, or you',
        {},
      );
  }
}

function projectOf(scope: Scope): string | null {
  if (scope.kind === 'claim') return scope.claim.projectId;
  return scope.kind === 'organization' ? null : scope.projectId;
}

/** What auditors see of a role. */
function shown(role: Role | undefined): object | undefined {
  return role && { permissions: role.permissions };
}

/** What auditors see of a role binding. */
function shownBinding(binding: RoleBinding): object {
  const { role, subjectKind, subject, project, clusterSelector, claim } = binding;
  return { role, subjectKind, subject, project, clusterSelector, claim };
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
