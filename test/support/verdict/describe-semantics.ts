import { describe } from '@jest/globals';

import type { EvaluatorOf } from './cluster.ts';
import { addressFamilies } from './semantics/address-families.ts';
import { calico } from './semantics/calico.ts';
import { cilium } from './semantics/cilium.ts';
import { domainNames } from './semantics/domain-names.ts';
import { hostNetwork } from './semantics/host-network.ts';
import { icmp } from './semantics/icmp.ts';
import { priorities } from './semantics/priorities.ts';
import { replies } from './semantics/replies.ts';
import { selfAndReplicas } from './semantics/self-and-replicas.ts';
import { services } from './semantics/services.ts';

/** Our own cases for what no public corpus covers, on any evaluator. */
export function describeSemantics(evaluator: string, evaluatorOf: EvaluatorOf): void {
  describe(`the ${evaluator}`, () => {
    for (const [topic, cases] of Object.entries(TOPICS)) describe(topic, () => cases(evaluatorOf));
  });
}

const TOPICS = {
  'IPv4 and IPv6': addressFamilies,
  ICMP: icmp,
  'equal priorities': priorities,
  'pods on the host network and nodes': hostNetwork,
  'services and NAT': services,
  'reply traffic': replies,
  'domain names': domainNames,
  'a pod and itself, replicas': selfAndReplicas,
  'Calico’s policies': calico,
  'Cilium’s policies': cilium,
};
