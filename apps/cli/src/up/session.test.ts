import { describe, expect, it } from '@jest/globals';

import { Session } from './session.ts';

describe('Session', () => {
  it('stops what it holds in reverse order', async () => {
    const stopped: string[] = [];
    const session = new Session();
    await session.hold(
      () => 'database',
      (thing) => stopped.push(thing),
    );
    await session.hold(
      () => 'hub',
      (thing) => stopped.push(thing),
    );

    await session.end();

    expect(stopped).toEqual(['hub', 'database']);
  });

  it('stops a thing that was still starting when the session ended, and starts nothing more', async () => {
    const stopped: string[] = [];
    const { promise, resolve } = Promise.withResolvers<string>();
    const session = new Session();
    const holding = session.hold(
      () => promise,
      (thing) => stopped.push(thing),
    );

    const ending = session.end();
    resolve('slow database');

    await expect(holding).rejects.toThrow();
    await ending;
    expect(stopped).toEqual(['slow database']);
    await expect(
      session.hold(
        () => 'late',
        (thing) => stopped.push(thing),
      ),
    ).rejects.toThrow();
    expect(stopped).toEqual(['slow database']);
  });

  it('has nothing to stop when the start failed, and stops the others though one cannot be stopped', async () => {
    const stopped: string[] = [];
    const session = new Session();
    await session.hold(
      () => 'first',
      (thing) => stopped.push(thing),
    );
    await session.hold(
      () => 'stuck',
      () => Promise.reject(new Error('stuck')),
    );
    await expect(
      session.hold(
        () => Promise.reject(new Error('no start')),
        () => stopped.push('never'),
      ),
    ).rejects.toThrow('no start');

    await expect(session.end()).rejects.toThrow('Not everything could be stopped');

    expect(stopped).toEqual(['first']);
  });
});
