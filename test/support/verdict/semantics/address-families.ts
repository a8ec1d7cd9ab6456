import { expect, it } from '@jest/globals';

import { clusterPolicy, flow, inputOf, networkPolicy, pod, type EvaluatorOf } from '../cluster.ts';

const egressTo = (...cidrs: string[]): string =>
  networkPolicy(
    'out',
    `{ podSelector: {}, policyTypes: [Egress], egress: [{ to: [${cidrs.map((cidr) => `{ ipBlock: { cidr: "${cidr}" } }`).join(', ')}] }] }`,
  );

export function addressFamilies(evaluatorOf: EvaluatorOf): void {
  it.each([
    ['2001:db8:0:1::5', 'allowed'],
    ['2001:0DB8:0000:0001:0:0:0:5', 'allowed'],
    ['2001:db8:0:2::5', 'denied'],
    ['10.0.0.1', 'denied'],
  ])('an IPv6 block means the addresses in it, however written: %s is %s', (address, verdict) => {
    const evaluator = evaluatorOf(inputOf(pod('web') + egressTo('2001:db8:0:1::/64')));

    const answer = evaluator.judge(flow('shop/web', address, 'TCP 443'));

    expect(answer.verdict).toBe(verdict);
  });

  it('0.0.0.0/0 says nothing about IPv6', () => {
    const evaluator = evaluatorOf(inputOf(pod('web') + egressTo('0.0.0.0/0')));

    const verdicts = ['192.0.2.1', '2001:db8::1'].map(
      (address) => evaluator.judge(flow('shop/web', address, 'TCP 443')).verdict,
    );

    expect(verdicts).toEqual(['allowed', 'denied']);
  });

  it('an except of one family leaves the other alone', () => {
    const policy = networkPolicy(
      'out',
      `{ podSelector: {}, policyTypes: [Egress], egress: [{ to: [
        { ipBlock: { cidr: 0.0.0.0/0, except: [10.0.0.0/8] } }, { ipBlock: { cidr: "::/0" } }] }] }`,
    );
    const evaluator = evaluatorOf(inputOf(pod('web') + policy));

    const verdicts = ['10.1.2.3', '11.1.2.3', '::ffff', 'fd00::1'].map(
      (address) => evaluator.judge(flow('shop/web', address, 'TCP 443')).verdict,
    );

    expect(verdicts).toEqual(['denied', 'allowed', 'allowed', 'allowed']);
  });

  const dualStack = pod('web') + pod('db', { addresses: '10.0.0.7,fd00::7' });

  it('between dual-stack pods the verdict is unknown when the families differ', () => {
    const evaluator = evaluatorOf(inputOf(dualStack + egressTo('10.0.0.0/24')));

    const answer = evaluator.judge(flow('shop/web', 'shop/db', 'TCP 8080'));

    expect(answer.verdict).toBe('unknown');
    expect(answer.egress.unknown).toContainEqual(expect.stringMatching(/address families/));
  });

  it('the address says which family is meant', () => {
    const evaluator = evaluatorOf(inputOf(dualStack + egressTo('10.0.0.0/24')));

    const verdicts = ['10.0.0.7', 'fd00:0::7'].map(
      (address) => evaluator.judge(flow('shop/web', address, 'TCP 8080')).verdict,
    );

    expect(verdicts).toEqual(['allowed', 'denied']);
  });

  it('a block of each family covers both', () => {
    const evaluator = evaluatorOf(inputOf(dualStack + egressTo('10.0.0.0/24', 'fd00::/64')));

    const answer = evaluator.judge(flow('shop/web', 'shop/db', 'TCP 8080'));

    expect(answer.verdict).toBe('allowed');
  });

  it('whether a block holds a pod without a known address is unknown, unless it holds every address', () => {
    const manifests = pod('web') + pod('db');
    const some = evaluatorOf(inputOf(manifests + egressTo('10.0.0.0/8')));
    const all = evaluatorOf(inputOf(manifests + egressTo('0.0.0.0/0', '::/0')));

    const verdicts = [some, all].map(
      (evaluator) => evaluator.judge(flow('shop/web', 'shop/db', 'TCP 8080')).verdict,
    );

    expect(verdicts).toEqual(['unknown', 'allowed']);
  });

  it('an ipBlock does not mean pods where the semantics say so', () => {
    const manifests = dualStack + egressTo('0.0.0.0/0', '::/0');
    const evaluator = evaluatorOf(inputOf(manifests, { networksMatchPods: false }));

    const answer = evaluator.judge(flow('shop/web', 'shop/db', 'TCP 8080'));

    expect(answer.verdict).toBe('denied');
    expect(answer.egress.because).toBe('isolated');
  });

  it('connectivity lists outside addresses of both families in the fewest ranges', () => {
    const policy = clusterPolicy(
      'out',
      'Admin',
      5,
      `egress: [{ action: Deny, to: [{ networks: ["2001:db8::/32", 192.0.2.0/25, 192.0.2.128/25] }] }]`,
    );
    const evaluator = evaluatorOf(inputOf(pod('web') + policy));

    const ranges = evaluator
      .connectivity()
      .filter(({ src }) => src === 'shop/web[Pod]')
      .map(({ dst }) => dst);

    expect(ranges).toEqual([
      '0.0.0.0-192.0.1.255',
      '192.0.3.0-255.255.255.255',
      '2001:db9::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
      '::-2001:db7:ffff:ffff:ffff:ffff:ffff:ffff',
    ]);
  });
}
