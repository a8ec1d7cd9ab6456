import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';
import { Reflector } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';

import { RESOLVERS } from '../hub.module.ts';
import { AccessGuard, Requires, RequiresSignIn } from './access.guard.ts';
import { abilityFor } from './ability.ts';
import type { Actor } from './actor.ts';
import { type RoleName, ROLES } from './permissions.ts';

class Probe {
  undeclared(): void {}
  @Requires('write', 'Cluster')
  declared(): void {}
  @RequiresSignIn()
  mine(): void {}
}
const actor = (role: RoleName): Actor => ({
  caller: { kind: 'TOKEN', id: 't', name: 't' },
  organizationId: 'o',
  held: [],
  ability: abilityFor('o', [{ permissions: ROLES[role], scope: { kind: 'organization' } }]),
});
const admin = actor('OrgAdmin');
const nobody: Actor = { ...admin, ability: abilityFor('o', []) };
function enter(method: 'declared' | 'undeclared' | 'mine', actor?: Actor): unknown {
  const context = new ExecutionContextHost([{}, {}, { actor }, {}], Probe, Probe.prototype[method]);
  context.setType('graphql');
  return new AccessGuard(new Reflector()).canActivate(context);
}

describe('the guard', () => {
  it('lets nobody into an operation that declares no permission, not even an admin', () => {
    expect(() => enter('undeclared', admin)).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN' }),
    );
  });

  it('lets in whom the declared permission fits', () => {
    expect(enter('declared', admin)).toBe(true);
    expect(() => enter('declared', actor('Auditor'))).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN' }),
    );
    expect(() => enter('declared')).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
  });
});

describe('what speaks of the caller alone', () => {
  it('is for whoever has signed in, and for nobody else', () => {
    expect(enter('mine', nobody)).toBe(true);
    expect(() => enter('mine')).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
  });
});

describe('every operation of the API', () => {
  const operations = RESOLVERS.flatMap(({ name, prototype }) =>
    Object.getOwnPropertyNames(prototype).flatMap((method) => {
      const handler = prototype[method] as object;
      const kind = Reflect.getMetadata('graphql:resolver_type', handler) as string | undefined;
      return kind === 'Query' || kind === 'Mutation'
        ? [
            {
              operation: `${name}.${method}`,
              kind,
              requirement: Reflect.getMetadata('requires', handler) as
                | { action: string; type: string | null }
                | undefined,
            },
          ]
        : [];
    }),
  );

  it('needs a role, except `me`', () => {
    expect(
      operations
        .filter(({ requirement }) => requirement?.type === null)
        .map(({ operation }) => operation),
    ).toEqual(['AccessResolver.me']);
  });

  it('declares a permission: queries read, mutations write', () => {
    expect(operations.length).toBeGreaterThan(20);
    for (const { operation, kind, requirement } of operations)
      expect({ operation, action: requirement?.action }).toEqual({
        operation,
        action: kind === 'Query' ? 'read' : 'write',
      });
  });
});
