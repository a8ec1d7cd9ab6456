import type { Problem } from '@picket/kernel';
import {
  AdminNetworkPolicySpec,
  BaselineAdminNetworkPolicySpec,
  CalicoGlobalNetworkPolicySpec,
  CalicoNetworkPolicySpec,
  CiliumPolicyRules,
  NetworkPolicySpec,
  ServedClusterNetworkPolicySpec,
  type CalicoTierSpec,
} from '@picket/policy';
import type { z } from 'zod';

import type { Policy, PolicyId } from '../model/policy.ts';
import {
  absentSelectors,
  fromAdminNetworkPolicy,
  fromBaselineAdminNetworkPolicy,
} from './admin-network-policy.ts';
import { fromCalicoPolicy } from './calico-policy.ts';
import { fromCiliumPolicy } from './cilium-policy.ts';
import { fromClusterNetworkPolicy } from './cluster-network-policy.ts';
import { fromNetworkPolicy, ignoredRules } from './network-policy.ts';

export interface Translation {
  readonly policies: readonly Policy[];
  /** What was read but is not modelled: warnings. */
  readonly problems: readonly Problem[];
}

type Read =
  | { readonly success: true; readonly data: unknown }
  | {
      readonly success: false;
      readonly error: z.ZodError;
      readonly path: readonly PropertyKey[];
    };

/** Objects of the input that say something about policies beside them. */
export interface TranslationContext {
  readonly calicoTiers: ReadonlyMap<string, CalicoTierSpec>;
}

/** How one kind is read and translated into the model's one shape. */
export interface Translator {
  readonly namespaced: boolean;
  /** The name that its only object has. */
  readonly onlyName?: string;
  read(object: Readonly<Record<string, unknown>>): Read;
  /** `spec` is what `read` returned. */
  translate(id: PolicyId, spec: unknown, context: TranslationContext): Translation;
}

/** The API, and the CRDs behind it. */
export const CALICO_VERSIONS = ['projectcalico.org/v3', 'crd.projectcalico.org/v1'];

/** By `apiVersion/kind`. A new kind is a line here and a file beside this one. */
export const TRANSLATORS: ReadonlyMap<string, Translator> = new Map<string, Translator>([
  [
    'networking.k8s.io/v1/NetworkPolicy',
    translator({
      namespaced: true,
      schema: NetworkPolicySpec,
      // Types that Go declares read null as absent, and a NetworkPolicy without spec as one with an empty spec.
      prepare: (spec) => withoutNulls(spec ?? {}),
      translate: (id, spec) => [fromNetworkPolicy(id, spec)],
      warn: ignoredRules,
    }),
  ],
  [
    'policy.networking.k8s.io/v1alpha2/ClusterNetworkPolicy',
    translator({
      namespaced: false,
      schema: ServedClusterNetworkPolicySpec,
      translate: (id, spec) => [fromClusterNetworkPolicy(id, spec)],
    }),
  ],
  [
    'policy.networking.k8s.io/v1alpha1/AdminNetworkPolicy',
    translator({
      namespaced: false,
      schema: AdminNetworkPolicySpec,
      translate: (id, spec) => [fromAdminNetworkPolicy(id, spec)],
      warn: absentSelectors,
    }),
  ],
  [
    'policy.networking.k8s.io/v1alpha1/BaselineAdminNetworkPolicy',
    translator({
      namespaced: false,
      onlyName: 'default',
      schema: BaselineAdminNetworkPolicySpec,
      translate: (id, spec) => [fromBaselineAdminNetworkPolicy(id, spec)],
      warn: absentSelectors,
    }),
  ],
  ['cilium.io/v2/CiliumNetworkPolicy', ciliumTranslator(true)],
  ['cilium.io/v2/CiliumClusterwideNetworkPolicy', ciliumTranslator(false)],
  ...CALICO_VERSIONS.flatMap((version): [string, Translator][] => [
    [`${version}/NetworkPolicy`, calicoTranslator(true, CalicoNetworkPolicySpec)],
    [`${version}/GlobalNetworkPolicy`, calicoTranslator(false, CalicoGlobalNetworkPolicySpec)],
  ]),
]);

function translator<Schema extends z.ZodType>(kind: {
  namespaced: boolean;
  onlyName?: string;
  schema: Schema;
  prepare?: (spec: unknown) => unknown;
  translate: (id: PolicyId, spec: z.infer<Schema>) => readonly Policy[];
  warn?: (spec: z.infer<Schema>) => readonly Problem[];
}): Translator {
  const { namespaced, onlyName, schema, prepare = (spec) => spec } = kind;
  return {
    namespaced,
    ...(onlyName !== undefined && { onlyName }),
    read(object) {
      const { data, error } = schema.safeParse(prepare(object['spec']));
      return error ? { success: false, error, path: ['spec'] } : { success: true, data };
    },
    translate: (id, spec) => ({
      policies: kind.translate(id, spec as z.infer<Schema>),
      problems: kind.warn?.(spec as z.infer<Schema>) ?? [],
    }),
  };
}

function ciliumTranslator(namespaced: boolean): Translator {
  return {
    namespaced,
    read(object) {
      const { data, error } = CiliumPolicyRules.safeParse(withoutNulls(object));
      return error ? { success: false, error, path: [] } : { success: true, data };
    },
    translate: (id, rules) => ({
      policies: fromCiliumPolicy(id, rules as CiliumPolicyRules),
      problems: [],
    }),
  };
}

function calicoTranslator(
  namespaced: boolean,
  schema: z.ZodType<CalicoGlobalNetworkPolicySpec>,
): Translator {
  return {
    namespaced,
    read(object) {
      const { data, error } = schema.safeParse(withoutNulls(object['spec'] ?? {}));
      return error ? { success: false, error, path: ['spec'] } : { success: true, data };
    },
    translate: (id, spec, { calicoTiers }) =>
      fromCalicoPolicy(id, spec as CalicoGlobalNetworkPolicySpec, calicoTiers),
  };
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => [key, withoutNulls(member)]),
  );
}
