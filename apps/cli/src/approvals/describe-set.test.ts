import { describe, expect, it } from '@jest/globals';

import { describeSet } from './describe-set.ts';

const set = (allowFrom: string): string =>
  JSON.stringify({ format: 1, objects: [{ name: 'web', from: allowFrom }], templates: [] });

describe('describeSet', () => {
  it('shows what differs, or everything when there is nothing to compare with', () => {
    const changed = describeSet(set('web'), set('api'));

    expect(changed).toContain('-    from: web\n+    from: api\n');
    expect(describeSet(undefined, set('api'))).toContain('+  - name: web\n+    from: api\n');
  });

  it('shows what would steer the terminal, or not be seen', () => {
    const hostile = describeSet(undefined, set('a\u001b[2Jb\u202ec\u200bd\u2028e'));

    expect(hostile).not.toMatch(/[^\n\P{Cc}]|[\p{Cf}\p{Zl}]/u);
    for (const word of ['202e', '200b', '2028']) expect(hostile.toLowerCase()).toContain(word);
  });
});
