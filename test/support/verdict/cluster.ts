import {
  parseObjects,
  type Evaluator,
  type Flow,
  type FlowPeer,
  type Input,
  type Protocol,
  type Semantics,
} from '@picket/verdict';
import { parseAllDocuments } from 'yaml';

export type EvaluatorOf = (input: Input) => Evaluator;

/** Inventory and policies of a stream of manifests. Errors in it are errors of the test. */
export function inputOf(manifests: string, semantics: Partial<Semantics> = {}): Input {
  const objects = parseAllDocuments(manifests).map((document) => ({ value: document.toJS() }));
  const { inventory, policies, problems } = parseObjects(objects);
  const errors = problems.filter(
    ({ severity, code }) => severity === 'error' && code !== 'PRIORITY_EQUAL',
  );
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return { inventory, policies, semantics };
}

/** `flow('shop/web', '10.0.0.1', 'TCP 443')`; a peer with a slash is a workload, `ICMP` has no port. */
export function flow(src: string | FlowPeer, dst: string | FlowPeer, conns: string): Flow {
  const [protocol = '', port] = conns.split(' ');
  return {
    src: peerOf(src),
    dst: peerOf(dst),
    protocol: protocol as Protocol,
    ...(port !== undefined && { port: Number(port) }),
  };
}

function peerOf(peer: string | FlowPeer): FlowPeer {
  if (typeof peer !== 'string') return peer;
  return peer.includes('/') ? { workload: peer } : { address: peer };
}

/** A Pod document. Labels are `app: NAME`; addresses are written as `10.0.0.1,fd00::1`. */
export function pod(
  name: string,
  { addresses = '', node = '', hostNetwork = false, namespace = 'shop' } = {},
): string {
  const ips = addresses.split(',').map((ip) => `{ ip: "${ip}" }`);
  return `---
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: ${namespace}, labels: { app: ${name} } }
spec:
  hostNetwork: ${hostNetwork}
  nodeName: "${node}"
  containers: [{ name: main, ports: [{ name: http, containerPort: 8080 }] }]
status: { podIPs: [${addresses === '' ? '' : ips.join(', ')}] }
`;
}

/** A Node document. */
export function node(name: string, address: string, labels = '{}'): string {
  return `---
apiVersion: v1
kind: Node
metadata: { name: ${name}, labels: ${labels} }
status: { addresses: [{ type: InternalIP, address: "${address}" }, { type: Hostname, address: ${name} }] }
`;
}

/** A NetworkPolicy of namespace shop; `spec` is flow YAML. */
export function networkPolicy(name: string, spec: string): string {
  return `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: shop }
spec: ${spec}
`;
}

/** A ClusterNetworkPolicy that binds every pod; `rules` is flow YAML such as `ingress: [...]`. */
export function clusterPolicy(name: string, tier: string, priority: number, rules: string): string {
  return `---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: { name: ${name} }
spec: { tier: ${tier}, priority: ${priority}, subject: { namespaces: {} }, ${rules} }
`;
}
