import { LabelSelector } from '@picket/selector';
import { z } from 'zod';

import { DnsLabel } from './manifest.ts';
import { CanonicalCidrText, PortNumber } from './network-policy.ts';
import { always, strict } from './problems-of.ts';

const Cidrs = z.array(CanonicalCidrText).max(200);

/** Ports of one protocol: one, or with `endPort` a range. */
export const AllowedPort = strict({
  protocol: z.enum(['TCP', 'UDP', 'SCTP']),
  port: PortNumber,
  endPort: PortNumber.optional(),
}).check(
  always(({ port, endPort }, context) => {
    if (typeof endPort !== 'number' || typeof port !== 'number' || endPort >= port) return;
    const params = { code: 'END_PORT_INVALID' };
    const message = 'must be equal to or greater than port';
    context.addIssue({ code: 'custom', path: ['endPort'], message, params });
  }),
);

/** What rules of one direction may open. */
const OpenTo = strict({
  /** Blocks of addresses that a rule may name, or parts of them. None when left out; everything is `0.0.0.0/0` and `::/0`. */
  cidrs: Cidrs.optional(),
  /** What of these is not allowed all the same. */
  exceptCidrs: Cidrs.optional(),
  /** Other namespaces that a rule may name: by name, or with all the labels of `selector`. Any when left out. */
  namespaces: strict({
    names: z.array(DnsLabel).max(200).optional(),
    selector: LabelSelector.optional(),
  }).optional(),
  /** Any port when left out. */
  ports: z.array(AllowedPort).max(200).optional(),
});
export type OpenTo = z.infer<typeof OpenTo>;

/** When a change waits for somebody of the platform team: never (what is outside is refused), always, or only what is outside. */
export const RequiresApproval = z.enum(['never', 'always', 'whenOutside']);
export type RequiresApproval = z.infer<typeof RequiresApproval>;

/**
 * What namespace policies of a project may open, as the platform team says. Left out altogether: anything inside the cluster and nothing
 * outside it.
 */
export const GuardRails = strict({
  requiresApproval: RequiresApproval.optional(),
  ingress: OpenTo.optional(),
  egress: OpenTo.optional(),
  /** Addresses of pods in the project's clusters. No rule may name pods by address, which would go past `namespaces`. */
  podNetworks: Cidrs.optional(),
  /** Rules of one policy, both directions together; 50 when left out. */
  maxRules: z.int().min(1).max(1_000).optional(),
  /** Policies of one namespace claim; 50 when left out. */
  maxPolicies: z.int().min(1).max(1_000).optional(),
  /** Canonical JSON of one policy (UTF-16 units); 32,768 when left out. */
  maxChars: z.int().min(256).max(262_144).optional(),
});
export type GuardRails = z.infer<typeof GuardRails>;

/** What holds where nothing is said. */
export const DEFAULT_LIMITS = { maxRules: 50, maxPolicies: 50, maxChars: 32_768 } as const;
