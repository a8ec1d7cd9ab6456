import type { z } from 'zod';

import { always, strict } from './problems-of.ts';

/** An object that must have one of its members and no other. An unknown or empty one fails closed in the cluster, so it must not get there. */
export function exactlyOne<Shape extends z.ZodRawShape>(
  what: string,
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  const members = Object.keys(shape);
  return strict(shape).check(
    always((value, context) => {
      const set = Object.keys(value);
      if (set.length === 1) return;
      context.addIssue({
        code: 'custom',
        message: `${what} needs exactly one of ${members.join(', ')}${set.length > 1 ? ', not several' : ''}`,
        params: { code: set.length === 0 ? 'PEER_EMPTY' : 'PEER_MIXED' },
      });
    }),
  );
}
