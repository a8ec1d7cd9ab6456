import type { Problem } from '@picket/kernel';
import { CalicoTierSpec, DnsLabel, DnsSubdomain, problemsOf } from '@picket/policy';
import { z } from 'zod';

import type { Policy, PolicyId } from '../model/policy.ts';
import {
  CALICO_VERSIONS,
  TRANSLATORS,
  type TranslationContext,
  type Translator,
} from '../translate/translators.ts';
import {
  inObject,
  openEnvelopes,
  type Envelope,
  type ObjectProblem,
  type SourceObject,
} from './source-object.ts';

export interface ParsedPolicies {
  /** Every policy whose spec was understood, sorted, so the order of the input has no effect. */
  readonly policies: readonly Policy[];
  /** All of them at once. With an error among them the input would be refused somewhere; the caller decides whether to go on. */
  readonly problems: readonly ObjectProblem[];
  /** The file that each policy was read from, by the `id` of the policy, where the input names it. */
  readonly files: ReadonlyMap<PolicyId, string>;
}

/** The groups whose kinds are policies: a kind of theirs that no translator knows is worth a warning. */
const POLICY_GROUPS =
  /^(networking\.k8s\.io|extensions|policy\.networking\.k8s\.io|cilium\.io|(crd\.)?projectcalico\.org|k8s\.cni\.cncf\.io)\//;

/** Reads every policy among the objects; objects of other kinds are left alone. Never throws. */
export function parsePolicies(objects: readonly SourceObject[]): ParsedPolicies {
  const { envelopes, problems: faults } = openEnvelopes(objects);
  const problems: ObjectProblem[] = [...faults];
  const context = { calicoTiers: calicoTiersIn(envelopes) };
  const policies = new Map<string, readonly Policy[]>();
  const envelopesOf = new Map<PolicyId, Envelope>();
  for (const envelope of envelopes) {
    const translator = TRANSLATORS.get(`${envelope.apiVersion}/${envelope.kind}`);
    if (!translator) {
      if (isUnknownPolicy(envelope)) problems.push(inObject(notModelled(envelope), envelope));
      continue;
    }
    const parsed = parsePolicy(envelope, translator, context);
    problems.push(...parsed.problems.map((problem) => inObject(problem, parsed.envelope)));
    if (!parsed.policies) continue;
    const key = keyOf(parsed.id);
    envelopesOf.set(parsed.id, parsed.envelope);
    if (policies.has(key)) problems.push(inObject(repeated(key), parsed.envelope));
    else policies.set(key, parsed.policies);
  }
  const sorted = [...policies.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const all = sorted.flatMap(([, list]) => list);
  const files = [...envelopesOf].flatMap(([id, { file }]) =>
    file === undefined ? [] : [[id, file] as const],
  );
  return {
    policies: all,
    problems: [...problems, ...equalPriorities(all, envelopesOf)],
    files: new Map(files),
  };
}

interface ParsedPolicy {
  readonly envelope: Envelope;
  readonly id: PolicyId;
  readonly policies?: readonly Policy[];
  readonly problems: readonly Problem[];
}

function parsePolicy(
  raw: Envelope,
  translator: Translator,
  context: TranslationContext,
): ParsedPolicy {
  const { apiVersion, kind } = raw;
  const namespace = translator.namespaced ? (raw.namespace ?? 'default') : undefined;
  const envelope = { ...raw, namespace };
  const id: PolicyId = {
    apiVersion,
    kind,
    name: raw.name ?? '',
    ...(namespace !== undefined && { namespace }),
  };
  const problems = envelopeFaults(raw, translator);
  const spec = translator.read(raw.value);
  if (!spec.success)
    return { envelope, id, problems: [...problems, ...problemsOf(spec.error, spec.path)] };
  const { policies, problems: unclear } = translator.translate(id, spec.data, context);
  return { envelope, id, policies, problems: [...problems, ...unclear] };
}

const Envelop = z.object({
  metadata: z.object({ name: DnsSubdomain, namespace: DnsLabel.optional() }),
});

function envelopeFaults({ value, name }: Envelope, { onlyName }: Translator): Problem[] {
  const { error } = Envelop.safeParse(value);
  if (error) return problemsOf(error).map(nameOnly);
  if (onlyName === undefined || name === onlyName) return [];
  return [
    {
      path: 'metadata.name',
      code: 'NAME_WRONG',
      message: `a cluster has one object of this kind, and its name is ${onlyName}`,
      allowed: onlyName,
      severity: 'error',
    },
  ];
}

/** The API server refuses a name of another form, but what the policy means is clear all the same. */
function nameOnly(problem: Problem): Problem {
  return problem.code === 'FORMAT_WRONG' ? { ...problem, severity: 'warning' } : problem;
}

function calicoTiersIn(envelopes: readonly Envelope[]): Map<string, CalicoTierSpec> {
  return new Map(
    envelopes
      .filter(({ apiVersion, kind }) => kind === 'Tier' && CALICO_VERSIONS.includes(apiVersion))
      .map(({ name = '', value }) => [
        name,
        CalicoTierSpec.safeParse(value['spec'] ?? {}).data ?? {},
      ]),
  );
}

function isUnknownPolicy({ apiVersion, kind }: Envelope): boolean {
  const isPolicy = kind.endsWith('Policy') || /^((Global)?NetworkSet|HostEndpoint)$/.test(kind);
  return isPolicy && POLICY_GROUPS.test(apiVersion);
}

function notModelled({ apiVersion, kind }: Envelope): Problem {
  return {
    path: 'kind',
    code: 'KIND_NOT_MODELLED',
    message: `${apiVersion} ${kind} is not modelled: verdicts do not heed it`,
    allowed: [...TRANSLATORS.keys()].join(', '),
    severity: 'warning',
  };
}

function repeated(key: string): Problem {
  const message = `${key} is there twice`;
  return { path: 'metadata.name', code: 'OBJECT_REPEATED', message, severity: 'error' };
}

function keyOf({ apiVersion, kind, namespace, name }: PolicyId): string {
  return `${apiVersion} ${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** Same tier, same priority: the API leaves their order open (apis/v1alpha2 ClusterNetworkPolicySpec.Priority). */
function equalPriorities(
  policies: readonly Policy[],
  envelopesOf: ReadonlyMap<PolicyId, Envelope>,
): ObjectProblem[] {
  const first = new Map<string, PolicyId>();
  return policies.flatMap(({ id, tier, order }): ObjectProblem[] => {
    if (!id.apiVersion.startsWith('policy.networking.k8s.io/') || id.kind.startsWith('Baseline'))
      return [];
    const key = `${tier.name} ${order}`;
    const other = first.get(key);
    if (!other) {
      first.set(key, id);
      return [];
    }
    const message = `${other.kind} ${other.name} has the same tier and priority ${order}, so their order is undefined`;
    const envelope = envelopesOf.get(id);
    const problem: Problem = {
      path: 'spec.priority',
      code: 'PRIORITY_EQUAL',
      message,
      severity: 'error',
    };
    return [envelope ? inObject(problem, envelope) : problem];
  });
}
