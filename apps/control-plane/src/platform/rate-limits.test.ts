import { expect, it } from '@jest/globals';

import type { Config } from '../config/config.ts';
import { networkOf, RateLimited, RateLimits } from './rate-limits.ts';

const limits = (requests: number, failures: number): RateLimits =>
  new RateLimits({
    RATE_REQUESTS_MAX: requests,
    RATE_FAILED_SIGN_INS_MAX: failures,
  } as unknown as Config);

it('lets each actor ask so often in a minute, and says when to come back', async () => {
  const two = limits(2, 0);
  await two.count('a');
  await two.count('a');

  const refusal = await two.count('a').catch((error: unknown) => error);

  expect(refusal).toBeInstanceOf(RateLimited);
  expect((refusal as RateLimited).retryAfterS).toBeGreaterThan(0);
  expect((refusal as RateLimited).retryAfterS).toBeLessThanOrEqual(60);
  await two.count('b');
});

it('counts failed sign-ins by address, and IPv6 by network', async () => {
  const one = limits(0, 1);
  await one.countFailure('2001:db8:1:2::1');

  await expect(one.countFailure('2001:db8:1:2:3:4:5:6')).rejects.toThrow(RateLimited);
  await one.countFailure('2001:db8:1:3::1');
});

it('counts nothing when the limit is 0', async () => {
  const none = limits(0, 0);
  for (let n = 0; n < 1_000; n++) await none.count('a');
  for (let n = 0; n < 1_000; n++) await none.countFailure('192.0.2.1');
});

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['2001:0db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
])('takes %s for %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
