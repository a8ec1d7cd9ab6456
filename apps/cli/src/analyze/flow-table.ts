import { type ExpectedFlow, PROTOCOLS, VERDICTS } from './read-flow.ts';

const FIRST_LENGTH = 1_024;

/** Flows by column, for `judgeBatch`: 14 bytes for each, and every name of a peer once. */
export class FlowTable {
  count = 0;
  /** Names of peers; `src` and `dst` are places in it. */
  readonly peers: string[] = [];
  src = new Uint32Array(FIRST_LENGTH);
  dst = new Uint32Array(FIRST_LENGTH);
  /** Places in `PROTOCOLS`. */
  protocol = new Uint8Array(FIRST_LENGTH);
  /** 0 where the protocol has none. */
  port = new Uint16Array(FIRST_LENGTH);
  /** Places in `VERDICTS`. */
  expect = new Uint8Array(FIRST_LENGTH);
  /** Lines of the file, from 1. */
  line = new Uint32Array(FIRST_LENGTH);
  readonly #places = new Map<string, number>();

  add({ src, dst, protocol, port = 0, expect }: ExpectedFlow, line: number): void {
    if (this.count === this.src.length) this.#grow();
    const place = this.count++;
    this.src[place] = this.#placeOf(src);
    this.dst[place] = this.#placeOf(dst);
    this.protocol[place] = PROTOCOLS.indexOf(protocol);
    this.port[place] = port;
    this.expect[place] = VERDICTS.indexOf(expect);
    this.line[place] = line;
  }

  #placeOf(peer: string): number {
    const known = this.#places.get(peer);
    if (known !== undefined) return known;
    this.#places.set(peer, this.peers.length);
    return this.peers.push(peer) - 1;
  }

  #grow(): void {
    const length = this.count * 2;
    this.src = enlarged(this.src, new Uint32Array(length));
    this.dst = enlarged(this.dst, new Uint32Array(length));
    this.protocol = enlarged(this.protocol, new Uint8Array(length));
    this.port = enlarged(this.port, new Uint16Array(length));
    this.expect = enlarged(this.expect, new Uint8Array(length));
    this.line = enlarged(this.line, new Uint32Array(length));
  }
}

function enlarged<Column extends Uint8Array | Uint16Array | Uint32Array>(
  from: Column,
  into: Column,
): Column {
  into.set(from);
  return into;
}
