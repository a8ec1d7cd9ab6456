import {
  AdminNetworkPolicySpec,
  BaselineAdminNetworkPolicySpec,
  problemsOf,
  ServedClusterNetworkPolicySpec,
} from '@picket/policy';

import {
  inObject,
  openEnvelopes,
  type Envelope,
  type ObjectProblem,
  type SourceObject,
} from '../parse/source-object.ts';
import { partsOf } from './convert-rules.ts';
import { Names } from './names.ts';
import { renumber, type Written } from './renumber.ts';

export interface ConvertedPolicies {
  /** All objects of the input, lists opened, each AdminNetworkPolicy and BaselineAdminNetworkPolicy replaced by its ClusterNetworkPolicies. */
  readonly objects: readonly SourceObject[];
  /** With an error among them the set as a whole cannot be converted, and `objects` is the input. */
  readonly problems: readonly ObjectProblem[];
}

/**
 * Rewrites AdminNetworkPolicy and BaselineAdminNetworkPolicy as ClusterNetworkPolicy v1alpha2, so that every verdict stays.
 *
 * A ClusterNetworkPolicy has 25 rules, peers and ports where the old kinds have 100: rules are split, policies too, over neighbouring
 * priorities. Priorities stay where they can; else the tier is renumbered, ClusterNetworkPolicies of the input included. Errors:
 * PRIORITIES_EXHAUSTED when 1,001 do not suffice, PRIORITY_UNDECIDED when a policy must be split that disagrees with one of equal priority.
 */
export function convertAdminPolicies(objects: readonly SourceObject[]): ConvertedPolicies {
  const { envelopes, problems } = openEnvelopes(objects);
  const opened = envelopes.map((envelope) => openPolicy(envelope));
  const found: ObjectProblem[] = [...problems, ...opened.flatMap((each) => each.problems)];
  const written = opened.filter(({ policy }) => policy !== undefined);
  for (const tier of ['Admin', 'Baseline'] as const) {
    const inTier = written.flatMap(({ policy }) => (policy?.tier === tier ? [policy] : []));
    if (inTier.some(({ isOld }) => isOld)) found.push(...renumber(inTier, tier));
  }
  const names = new Names(
    written.flatMap(({ envelope, policy }) => (policy?.isOld ? [] : [envelope.name ?? ''])),
  );
  const converted = opened.flatMap(({ envelope, policy }) =>
    policy ? manifestsOf(policy, names) : [envelope],
  );
  found.push(...converted.flatMap(refusals));
  if (found.some(({ severity }) => severity === 'error')) return { objects, problems: found };
  return {
    objects: converted.map(({ file, value }) => ({ ...(file !== undefined && { file }), value })),
    problems: found,
  };
}

interface Opened {
  readonly envelope: Envelope;
  readonly policy?: Written;
  readonly problems: readonly ObjectProblem[];
}

const OLD = 'policy.networking.k8s.io/v1alpha1';
const NEW = 'policy.networking.k8s.io/v1alpha2';

function openPolicy(envelope: Envelope): Opened {
  const of = `${envelope.apiVersion}/${envelope.kind}`;
  const spec = envelope.value['spec'];
  if (of === `${OLD}/AdminNetworkPolicy`) {
    const { data, error } = AdminNetworkPolicySpec.safeParse(spec);
    if (error) return { envelope, problems: refused(envelope, error) };
    const { priority } = data;
    const policy = {
      envelope,
      isOld: true,
      tier: 'Admin',
      parts: partsOf(data),
      priority,
    } as const;
    return { envelope, policy, problems: [] };
  }
  if (of === `${OLD}/BaselineAdminNetworkPolicy`) {
    const { data, error } = BaselineAdminNetworkPolicySpec.safeParse(spec);
    if (error) return { envelope, problems: refused(envelope, error) };
    // Without a priority; the reader gives it this one too.
    const policy = {
      envelope,
      isOld: true,
      tier: 'Baseline',
      parts: partsOf(data),
      priority: 0,
    } as const;
    return { envelope, policy, problems: [] };
  }
  if (of !== `${NEW}/ClusterNetworkPolicy`) return { envelope, problems: [] };
  const { data, error } = ServedClusterNetworkPolicySpec.safeParse(spec);
  if (error) return { envelope, problems: refused(envelope, error) };
  const { tier, priority, ...part } = data;
  return {
    envelope,
    policy: { envelope, isOld: false, tier, parts: [part], priority },
    problems: [],
  };
}

function refused(envelope: Envelope, error: Parameters<typeof problemsOf>[0]): ObjectProblem[] {
  return problemsOf(error, ['spec']).map((problem) => inObject(problem, envelope));
}

function manifestsOf(
  { envelope, isOld, tier, parts, priority }: Written,
  names: Names,
): Envelope[] {
  const { value } = envelope;
  const metadata = value['metadata'];
  return parts.map((part, index) => {
    const own = metadata !== null && typeof metadata === 'object' ? metadata : {};
    const wanted =
      parts.length === 1 ? (envelope.name ?? '') : `${envelope.name ?? ''}-${index + 1}`;
    const name = isOld ? names.take(wanted) : (envelope.name ?? '');
    return {
      ...envelope,
      value: {
        ...(isOld ? {} : value),
        apiVersion: NEW,
        kind: 'ClusterNetworkPolicy',
        metadata: isOld ? { ...pick(own, ['labels', 'annotations']), name } : own,
        spec: { tier, priority: priority + index, ...part },
      },
    };
  });
}

/** What the newer kind would refuse in the outcome, told of the object that it came from. */
function refusals(envelope: Envelope): ObjectProblem[] {
  if (envelope.value['apiVersion'] !== NEW || envelope.value['kind'] !== 'ClusterNetworkPolicy')
    return [];
  const { error } = ServedClusterNetworkPolicySpec.safeParse(envelope.value['spec']);
  return error ? refused(envelope, error) : [];
}

function pick(object: object, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(object).filter(([key]) => keys.includes(key)));
}
