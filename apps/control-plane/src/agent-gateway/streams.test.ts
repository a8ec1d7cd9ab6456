import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { Streams } from './streams.ts';

const WAKE = 'event: sync\ndata:\n\n';

/** An agent's end of a stream: the bytes that came, and whether it was ended. */
class Listener {
  text = '';
  isEnded = false;
  readonly #socket: Socket;

  constructor(port: number, id: string) {
    this.#socket = connect({ host: '127.0.0.1', port });
    this.#socket.on('data', (chunk) => (this.text += chunk.toString()));
    this.#socket.once('close', () => (this.isEnded = true));
    for (const path of id.split(' '))
      this.#socket.write(`GET /${path} HTTP/1.1\r\nhost: hub\r\n\r\n`);
  }

  /** Wakes after the one that opens the stream. */
  get wakes(): number {
    return this.text.split(WAKE).length - 2;
  }

  leave(): void {
    this.#socket.destroy();
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(2);
}

describe('the streams of a replica', () => {
  let streams: Streams;
  let server: Server;
  let listeners: Listener[];

  beforeEach(async () => {
    listeners = [];
    streams = new Streams();
    server = createServer((request, response) => {
      const id = request.url?.slice(1) ?? '';
      if (id === 'slow') setTimeout(() => response.end('slow'), 20);
      // Admitting an agent asks the database, and by then it may have left.
      else if (id === 'left') request.socket.once('close', () => streams.open('a', response));
      else streams.open(id, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    streams.close();
    for (const listener of listeners) listener.leave();
    await new Promise((resolve) => server.close(resolve));
  });

  async function open(...ids: readonly string[]): Promise<Listener[]> {
    const { port } = server.address() as AddressInfo;
    const opened = ids.map((id) => new Listener(port, id));
    listeners.push(...opened);
    await until(() => opened.every(({ text }) => text.includes(WAKE)));
    return opened;
  }

  it('begins with a head, a time to retry, and a first wake', async () => {
    const [listener] = await open('a');

    expect(listener?.text).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-type: text\/event-stream\r\n/);
    expect(listener?.text.split('\r\n\r\n')[1]).toBe(`retry: 2000\n${WAKE}`);
  });

  it('opens on a connection whose response before is not finished yet', async () => {
    const [listener] = await open('slow a');

    expect(listener?.text.indexOf('slow')).toBeLessThan(listener?.text.indexOf(WAKE) ?? 0);
    streams.wake(['a']);
    await until(() => listener?.wakes === 1);
  });

  it('keeps nothing of one who left before it opened, and leaves the stream alone that is there', async () => {
    const [young] = await open('a');
    const left = new Listener((server.address() as AddressInfo).port, 'left');
    await sleep(20);

    left.leave();

    await until(() => left.isEnded);
    await sleep(20);
    streams.wake(['a']);
    await until(() => young?.wakes === 1);
    expect([streams.size, young?.isEnded]).toEqual([1, false]);
  });

  it('wakes those who are here and asked for, each once', async () => {
    const [a, b, c] = await open('a', 'b', 'c');

    streams.wake(['a', 'c', 'nobody', 'a']);

    await until(() => a?.wakes === 1 && c?.wakes === 1);
    expect(b?.wakes).toBe(0);
  });

  it('lets at most 100 be at work at once; who is done makes room for the next', async () => {
    const ids = Array.from({ length: 120 }, (_, index) => `c${index}`);
    const opened = await open(...ids);
    const woken = (): number => opened.filter(({ wakes }) => wakes === 1).length;

    streams.wake(ids);
    await until(() => woken() === 100);
    await sleep(30);
    expect(woken()).toBe(100);
    expect(streams.isAtWork('c0')).toBe(true);

    for (const id of ids.slice(0, 15)) streams.settled(id);
    await until(() => woken() === 115);
    expect(streams.isAtWork('c0')).toBe(false);
    opened[20]?.leave(); // who is gone makes room too
    await until(() => woken() === 116);
  });

  it('ends the old stream of a cluster when it opens a new one, and counts one', async () => {
    const [old] = await open('a');
    const [young] = await open('a');

    await until(() => old?.isEnded === true);
    streams.wake(['a']);
    await until(() => young?.wakes === 1);
    expect(streams.size).toBe(1);
  });

  it('tells a revoked cluster and ends its stream', async () => {
    const [gone, other] = await open('gone', 'other');

    streams.revoke(['gone']);

    await until(() => gone?.isEnded === true);
    expect(gone?.text.endsWith('event: revoked\ndata:\n\n')).toBe(true);
    expect(other?.isEnded).toBe(false);
    await until(() => streams.size === 1);
  });
});
