import { z } from 'zod';

import { Text } from './text.ts';

/** One policy kind that the API server serves, keyed `group/version/Kind` in {@link Capabilities}. */
export const ServedApi = z.object({
  /** Whether something in the cluster enforces it; a served CRD without a CNI behind it does nothing. Null: not known. */
  enforced: z.boolean().nullable(),
  /**
   * Every field of the served schema as a dotted path, lists as `[]`, sorted: `spec.ingress[].ports[].endPort`.
   * Null when the API server tells no schema; then no field counts as missing.
   */
  fields: z.array(Text(512)).max(5_000).nullable(),
});
export type ServedApi = z.infer<typeof ServedApi>;

const MAX_APIS = 64;

/** What a cluster can express: the only facts that a policy set is compiled from (decision 1 of the architecture). */
export const Capabilities = z.object({
  /** `gitVersion` of the API server, as it says it: `v1.33.2`. */
  kubernetesVersion: Text(128),
  /** Name of the network plugin (`cilium`, `calico`, …), null when none was recognised. */
  cni: Text(64).nullable(),
  /** Served policy kinds by `group/version/Kind`, e.g. `networking.k8s.io/v1/NetworkPolicy`. */
  apis: z
    .record(Text(256), ServedApi)
    .refine((apis) => Object.keys(apis).length <= MAX_APIS, { error: `at most ${MAX_APIS} kinds` }),
});
export type Capabilities = z.infer<typeof Capabilities>;
