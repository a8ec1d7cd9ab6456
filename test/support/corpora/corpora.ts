import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Connections } from '@picket/verdict';
import { parseAllDocuments } from 'yaml';

import type { Availability } from '../services/describe-with.ts';

/** Independent cases, outside the project: their README says what they are and where they come from. */
export const corporaFolder = path.resolve(process.env['PICKET_CORPORA'] ?? '../shared/corpora');

const loader = path.join(corporaFolder, 'load.mjs');

export const corpora: Availability = {
  name: 'corpora',
  missing: existsSync(loader) ? undefined : `PICKET_CORPORA names no folder with load.mjs`,
};

/** One case, as its loader gives it. */
export interface CorpusCase {
  readonly id: string;
  readonly source: { readonly repo: string };
  readonly type: string;
  readonly semantics: 'connlist-workload' | 'probe-pod' | 'must-reject';
  /** Absolute paths. */
  readonly manifests: readonly string[];
  readonly expected: readonly ExpectedRow[];
  readonly explain?: { readonly items: readonly ExplainedPair[] };
  readonly exposure?: ExpectedExposure;
  readonly expectedError?: { readonly symbols: readonly string[] };
}

export interface ExpectedRow {
  readonly src: string;
  readonly dst: string;
  readonly conns: string;
  readonly verdict?: 'allow' | 'deny';
  readonly ingress?: 'allow' | 'deny';
  readonly egress?: 'allow' | 'deny';
}

export interface ExplainedPair {
  readonly src: string;
  readonly dst: string;
  readonly blocks: readonly ExplainedBlock[];
}

export interface ExplainedBlock {
  readonly verdict: 'allow' | 'deny';
  readonly conns: string;
  readonly egress: ExplainedDirection | null;
  readonly ingress: ExplainedDirection | null;
}

export interface ExplainedDirection {
  readonly result: 'allowed' | 'denied';
  readonly systemDefault?: boolean;
  readonly reasons: readonly {
    readonly policyKind?: string;
    readonly policy?: string;
    readonly effect?: 'allow' | 'deny' | 'pass' | 'selects-no-match';
    readonly rule?: string;
  }[];
}

/** What workloads are open to beyond those in the manifests. */
export interface ExpectedExposure {
  readonly egress: readonly ExposureRow[];
  readonly ingress: readonly ExposureRow[];
  readonly unprotected: readonly {
    readonly workload: string;
    readonly direction: 'Egress' | 'Ingress';
  }[];
}

interface ExposureRow {
  readonly workload: string;
  readonly peer: string;
  readonly conns: string;
}

/** Changed rows between the inputs of two cases. */
export interface DiffCase {
  readonly id: string;
  readonly before: string;
  readonly after: string;
  readonly inScope: boolean;
  readonly expected: readonly {
    readonly change: 'added' | 'removed' | 'changed';
    readonly src: string;
    readonly dst: string;
    readonly before: string;
    readonly after: string;
  }[];
}

interface Loader {
  cases(options?: { readonly all?: boolean }): Iterable<CorpusCase>;
  parseConns(text: string): {
    TCP: [number, number][];
    UDP: [number, number][];
    SCTP: [number, number][];
  };
}

const loaded =
  corpora.missing === undefined
    ? ((await import(pathToFileURL(loader).href)) as Loader)
    : undefined;

/** The cases in scope, or none where there are no corpora. */
export const corpusCases: readonly CorpusCase[] = loaded ? [...loaded.cases()] : [];

/** `TCP 80,8080-8090,UDP 53` as sets of ports. */
export function connectionsOf(text: string): Connections {
  if (!loaded) throw new Error('no corpora');
  return loaded.parseConns(text);
}

/** Cases of before and after, which the loader does not list. */
export const diffCases: readonly DiffCase[] =
  corpora.missing === undefined
    ? globSync('netpol-analyzer-diff/*.json', { cwd: corporaFolder })
        .toSorted()
        .map((file) => JSON.parse(readFileSync(path.join(corporaFolder, file), 'utf8')) as DiffCase)
        .filter(({ inScope }) => inScope)
    : [];

const parsed = new Map<string, unknown[]>();

/** The objects of a manifest; many cases share theirs, so each text is read once. */
export function objectsIn(file: string): unknown[] {
  const text = readFileSync(file, 'utf8');
  const known = parsed.get(text);
  if (known) return known;
  const objects = parseAllDocuments(text)
    .map((document): unknown => document.toJS())
    .filter((object) => object !== null && object !== undefined);
  parsed.set(text, objects);
  return objects;
}
