import { describe, expect, it } from '@jest/globals';
import { ObjectOutcome, type StatusReport } from '@picket/agent-protocol';

import { networkPolicy } from './a-set.fake.ts';
import { bounded, outcomeOf } from './outcome.ts';

type State = StatusReport['outcomes'][number]['state'];
const outcome = (name: string, state: State = 'pending', message = ''): ObjectOutcome =>
  outcomeOf(networkPolicy(name), state, message);

describe('outcomeOf', () => {
  it('cuts long words to what the hub takes, whatever they are made of', () => {
    for (const words of ['x'.repeat(5_000), `${'x'.repeat(1_999)}😀`, 'a\0b', '\uD83D'])
      expect(ObjectOutcome.parse(outcome('x', 'failed', words)).message.length).toBeLessThan(2_001);
  });
});

describe('bounded', () => {
  it('says the same of the same, in whatever order it was found', () => {
    const some = [outcome('c'), outcome('a'), outcome('b', 'failed')];

    const { outcomes } = bounded(some);

    expect(outcomes.map(({ name }) => name)).toEqual(['b', 'a', 'c']);
    expect(bounded(some.toReversed())).toEqual(bounded(some));
  });

  it('keeps 500, what failed first, and counts the rest', () => {
    const many = Array.from({ length: 700 }, (_, index) => outcome(`p${index}`));

    const { outcomes, outcomesDropped } = bounded([...many, outcome('z', 'failed')]);

    expect(outcomes).toHaveLength(500);
    expect(outcomes[0]?.name).toBe('z');
    expect(outcomesDropped).toBe(201);
  });

  it('fits into what the hub takes when every message is long and costs three bytes a character', () => {
    const many = Array.from({ length: 500 }, (_, index) =>
      outcome(`p${index}`, 'failed', '✗'.repeat(2_000)),
    );

    const { outcomes, outcomesDropped } = bounded(many);

    expect(Buffer.byteLength(JSON.stringify(outcomes))).toBeLessThan(900_000);
    expect(outcomes.length + outcomesDropped).toBe(500);
  });
});
