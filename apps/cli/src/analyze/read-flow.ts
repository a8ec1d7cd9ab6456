import { MAX_PORT, type Protocol, type Verdict } from '@picket/verdict';

export const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6'];
export const VERDICTS: readonly Verdict[] = ['allowed', 'denied', 'unknown'];

/** One line of a file of flows. */
export interface ExpectedFlow {
  readonly src: string;
  readonly dst: string;
  readonly protocol: Protocol;
  /** Absent for ICMP. */
  readonly port?: number;
  readonly expect: Verdict;
}

/** Why a line is no flow. */
export class NotAFlow extends Error {
  readonly path: string;
  readonly code: string;

  constructor(path: string, code: string, message: string) {
    super(message);
    this.path = path;
    this.code = code;
  }
}

/** Reads `{"src", "dst", "protocol", "port"}`, with `"expect"` if wanted; other members are left alone. Throws NotAFlow. */
export function readFlow(line: string): ExpectedFlow {
  const value = jsonOf(line);
  if (value === null || typeof value !== 'object')
    throw new NotAFlow('', 'TYPE_WRONG', 'a flow is an object with src, dst, protocol and port');
  const { src, dst, protocol, port, expect = 'allowed' } = value as Record<string, unknown>;
  const flow = {
    src: textOf('src', src),
    dst: textOf('dst', dst),
    protocol: oneOf('protocol', PROTOCOLS, protocol),
    expect: oneOf('expect', VERDICTS, expect),
  };
  if (flow.protocol.startsWith('ICMP')) {
    if (port !== undefined && port !== null)
      throw new NotAFlow('port', 'VALUE_WRONG', `${flow.protocol} has no ports`);
    return flow;
  }
  if (!Number.isInteger(port) || Number(port) < 1 || Number(port) > MAX_PORT)
    throw new NotAFlow('port', 'VALUE_WRONG', `a port is a number from 1 to ${MAX_PORT}`);
  return { ...flow, port: Number(port) };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new NotAFlow('', 'JSON_INVALID', 'this line is not JSON');
  }
}

function textOf(path: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  const message = 'a peer is namespace/pod, namespace/owner[Kind] or an address';
  throw new NotAFlow(path, value === undefined ? 'FIELD_REQUIRED' : 'TYPE_WRONG', message);
}

function oneOf<Word extends string>(path: string, words: readonly Word[], value: unknown): Word {
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  const code = value === undefined ? 'FIELD_REQUIRED' : 'VALUE_WRONG';
  throw new NotAFlow(path, code, `must be one of ${words.join(', ')}`);
}
