import { LabelSelector } from '@picket/selector';
import { z } from 'zod';

import { exactlyOne } from './exactly-one.ts';
import { CidrText } from './network-policy.ts';
import { strict } from './problems-of.ts';

// What ClusterNetworkPolicy, AdminNetworkPolicy and BaselineAdminNetworkPolicy say alike (network-policy-api, apis/v1alpha1/shared_types.go).

/** Networks and domain names of one peer. */
const MAX_ADDRESSES = 25;

/** A list that the API type calls a set: an item that stands there twice is refused. */
function distinct<Item extends z.ZodType<string>>(item: Item): z.ZodArray<Item> {
  return z
    .array(item)
    .min(1)
    .max(MAX_ADDRESSES)
    .superRefine((texts, context) => {
      for (const [index, text] of texts.entries())
        if (texts.indexOf(text) !== index)
          context.addIssue({
            code: 'custom',
            path: [index],
            message: 'stands there twice',
            params: { code: 'ITEM_REPEATED' },
          });
    });
}

/** An absent `namespaceSelector` is an empty one here: every namespace. */
const NamespacedPods = strict({
  namespaceSelector: LabelSelector.default({}),
  podSelector: LabelSelector,
});
const pods = { namespaces: LabelSelector.optional(), pods: NamespacedPods.optional() };

// The schema of v1alpha1 requires both selectors too, but its tools read objects without: absent means empty.
const LooseNamespacedPods = strict({
  namespaceSelector: LabelSelector.optional(),
  podSelector: LabelSelector.optional(),
});
const loosePods = { namespaces: LabelSelector.optional(), pods: LooseNamespacedPods.optional() };

const addresses = {
  nodes: LabelSelector.optional(),
  networks: distinct(CidrText.max(43)).optional(),
};

const DomainName = z
  .string()
  .max(253)
  .regex(
    /^(\*\.)?([a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.)+[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.?$/,
    { error: 'not a domain name such as example.com or *.example.com' },
  );

const domainNames = distinct(DomainName).optional();

/** Subject of ClusterNetworkPolicy. */
export const ClusterSubject = exactlyOne('a subject', pods);

/** Item of `from` of ClusterNetworkPolicy. */
export const ClusterIngressPeer = exactlyOne('a peer', pods);

/** Item of `to` of ClusterNetworkPolicy. */
export const ClusterEgressPeer = exactlyOne('a peer', {
  ...pods,
  ...addresses,
  domainNames,
});

/** Subject of the v1alpha1 kinds. */
export const AdminSubject = exactlyOne('a subject', loosePods);

/** Item of `from` of the v1alpha1 kinds. */
export const AdminIngressPeer = exactlyOne('a peer', loosePods);

/** Item of `to` of AdminNetworkPolicy. */
export const AdminEgressPeer = exactlyOne('a peer', {
  ...loosePods,
  ...addresses,
  domainNames,
});

/** Item of `to` of BaselineAdminNetworkPolicy, which knows no domain names. */
export const BaselineEgressPeer = exactlyOne('a peer', { ...loosePods, ...addresses });
