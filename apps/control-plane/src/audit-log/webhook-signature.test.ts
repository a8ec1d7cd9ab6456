import { expect, it } from '@jest/globals';

import { webhookSignature } from './webhook-signature.ts';

it('signs the time and the body, as receivers that are out there check it', () => {
  // printf '1767225600.{}\n' | openssl dgst -sha256 -hmac 'a secret of 16 or more'
  expect(webhookSignature('a secret of 16 or more', '{}\n', 1_767_225_600_999)).toBe(
    't=1767225600,v1=11604e6fda9a97ef7440c7497e766c3d627a7fd188fa5efed3dd4f2a32424382',
  );
});
