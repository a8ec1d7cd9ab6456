import type { CalicoEntity } from '@picket/policy';
import {
  EVERY_LABEL_SET,
  parseCalicoSelector,
  parseCidr,
  type LabelFormula,
} from '@picket/selector';

import { NAMESPACE_NAME_LABEL } from '../model/inventory.ts';
import type { Network, Peer } from '../model/policy.ts';
import { namespaceNamed } from './network-policy.ts';

/**
 * One end of a Calico rule, its parts ANDed; undefined when nothing restricts it. `namespace` is that of a namespaced policy.
 *
 * "endpoints for a namespaced policy being limited to the namespace … as soon as any of the selector fields are used" (libcalico-go
 * syncersv1 rules.go GetEntityRuleSelector).
 */
export function entityPeer(entity: CalicoEntity, namespace: string | undefined): Peer | undefined {
  const { nets = [], notNets = [], notSelector, services } = entity;
  const parts: Peer[] = [];
  if (nets.length > 0) parts.push({ kind: 'networks', networks: nets.map(networkOf) });
  if (notNets.length > 0)
    parts.push({ kind: 'not', peer: { kind: 'networks', networks: notNets.map(networkOf) } });
  const pods = podsOf(entity, namespace);
  if (pods) parts.push(pods);
  if (notSelector)
    parts.push({
      kind: 'not',
      peer: formulaPeer(notSelector, (formula) => ({
        kind: 'pods',
        namespaces: EVERY_LABEL_SET,
        pods: formula,
      })),
    });
  if (services) parts.push({ kind: 'unknown', reason: 'Calico’s services peers are not modelled' });
  const [first, ...rest] = parts;
  return first && rest.length > 0 ? { kind: 'all', peers: parts } : first;
}

function podsOf(entity: CalicoEntity, namespace: string | undefined): Peer | undefined {
  const { selector = '', namespaceSelector = '', notSelector = '', serviceAccounts } = entity;
  const isSelecting = selector !== '' || namespaceSelector !== '' || serviceAccounts !== undefined;
  const isLimited = namespace !== undefined && notSelector !== '';
  if (!isSelecting && !isLimited) return undefined;
  const names = serviceAccounts?.names;
  const pods = formulaPeer(selector, (formula) =>
    namespacesPeer(namespaceSelector, namespace, (namespaces) => ({
      kind: 'pods',
      namespaces,
      pods: formula,
      ...(names && names.length > 0 && { serviceAccounts: names }),
    })),
  );
  if (!serviceAccounts?.selector) return pods;
  const reason = 'labels of service accounts are not modelled';
  return { kind: 'all', peers: [pods, { kind: 'unknown', reason }] };
}

function namespacesPeer(
  selector: string,
  namespace: string | undefined,
  peerOf: (namespaces: LabelFormula) => Peer,
): Peer {
  if (selector !== '') return formulaPeer(selector, (formula) => peerOf(namespaceFormula(formula)));
  return peerOf(namespace === undefined ? EVERY_LABEL_SET : namespaceNamed(namespace));
}

/** Calico knows a namespace's name under a label of its own too. */
export function namespaceFormula(formula: LabelFormula): LabelFormula {
  if ('all' in formula) return { all: formula.all.map(namespaceFormula) };
  if ('any' in formula) return { any: formula.any.map(namespaceFormula) };
  if ('not' in formula) return { not: namespaceFormula(formula.not) };
  return formula.key === 'projectcalico.org/name'
    ? { ...formula, key: NAMESPACE_NAME_LABEL }
    : formula;
}

/** The peer of a selector, unknown where the selector asks for what the inventory does not hold. */
function formulaPeer(selector: string, peerOf: (formula: LabelFormula) => Peer): Peer {
  const reason = whyUnknown(selector);
  return reason === undefined ? peerOf(parseCalicoSelector(selector)) : { kind: 'unknown', reason };
}

/** Why what a selector picks cannot be known. */
export function whyUnknown(selector: string): string | undefined {
  if (/global\s*\(/.test(selector))
    return 'global() picks network sets and host endpoints, which are not modelled';
  if (/projectcalico\.org\/(?!name\b)|\bpcns\.|\bpcsa\./.test(selector))
    return 'labels that Calico itself puts on endpoints are not modelled';
  return undefined;
}

function networkOf(text: string): Network {
  if (parseCidr(text)) return { cidr: text };
  return { cidr: `${text}/${text.includes(':') ? 128 : 32}` };
}
