import { EVERY_LABEL_SET, formulaOf, type LabelSelector } from '@picket/selector';

import type { Peer, Subject, Unknown } from '../model/policy.ts';

interface ClusterSubject {
  readonly namespaces?: LabelSelector | undefined;
  readonly pods?:
    | {
        readonly namespaceSelector?: LabelSelector | undefined;
        readonly podSelector?: LabelSelector | undefined;
      }
    | undefined;
}

interface ClusterPeer extends ClusterSubject {
  readonly nodes?: LabelSelector | undefined;
  readonly networks?: readonly string[] | undefined;
  readonly domainNames?: readonly string[] | undefined;
}

/** Subject of the kinds of `policy.networking.k8s.io`. */
export function toSubject(subject: ClusterSubject): Exclude<Subject, Unknown> {
  const { namespaces, pods } = subject;
  if (pods)
    return {
      kind: 'pods',
      namespaces: formulaOf(pods.namespaceSelector ?? {}),
      pods: formulaOf(pods.podSelector ?? {}),
    };
  return { kind: 'pods', namespaces: formulaOf(namespaces ?? {}), pods: EVERY_LABEL_SET };
}

/** Item of `from` or `to` of the kinds of `policy.networking.k8s.io`: exactly one of its fields is set, the parser saw to it. */
export function toClusterPeer(peer: ClusterPeer): Peer {
  const { nodes, networks, domainNames } = peer;
  if (nodes) return { kind: 'nodes', nodes: formulaOf(nodes) };
  if (networks) return { kind: 'networks', networks: networks.map((cidr) => ({ cidr })) };
  if (domainNames) return { kind: 'domainNames', domainNames };
  return toSubject(peer);
}
