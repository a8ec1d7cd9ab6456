import { isIP } from 'node:net';

import { isRecord, type ApiObject, type Cause } from './api-object.ts';
import type { Schema } from './schema.ts';

const text = { type: 'string' };
const selector = {
  'x-kubernetes-map-type': 'atomic',
  properties: {
    matchLabels: { additionalProperties: text },
    matchExpressions: {
      items: { properties: { key: text, operator: text, values: { items: text } } },
    },
  },
};
const peers = {
  items: {
    properties: {
      podSelector: selector,
      namespaceSelector: selector,
      ipBlock: { properties: { cidr: text, except: { items: text } } },
    },
  },
};
const ports = {
  items: {
    properties: {
      protocol: text,
      port: { 'x-kubernetes-int-or-string': true },
      endPort: { type: 'integer' },
    },
  },
};

/** NetworkPolicy v1: all its lists are atomic. */
export const networkPolicySchema: Schema = {
  properties: {
    apiVersion: text,
    kind: text,
    metadata: {},
    spec: {
      properties: {
        podSelector: selector,
        policyTypes: { items: text },
        ingress: { items: { properties: { from: peers, ports } } },
        egress: { items: { properties: { to: peers, ports } } },
      },
    },
    status: {},
  },
};

type Fields = Record<string, unknown>;
const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isRecord) : []);

/** A port without protocol means TCP; types follow from the directions that are there. */
export function defaultNetworkPolicy(object: ApiObject): ApiObject {
  const spec: Fields = isRecord(object['spec']) ? { ...object['spec'] } : {};
  for (const direction of ['ingress', 'egress'])
    if (Array.isArray(spec[direction]))
      spec[direction] = listOf(spec[direction]).map((rule) =>
        Array.isArray(rule['ports'])
          ? { ...rule, ports: listOf(rule['ports']).map((port) => ({ protocol: 'TCP', ...port })) }
          : rule,
      );
  spec['podSelector'] ??= {};
  spec['policyTypes'] ??= listOf(spec['egress']).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  return { ...object, spec };
}

/** What the API server refuses in a NetworkPolicy, in its words. */
export function networkPolicyProblems(object: ApiObject): Cause[] {
  const spec = isRecord(object['spec']) ? object['spec'] : {};
  const found: Cause[] = selectorProblems(spec['podSelector'], 'spec.podSelector');
  for (const [direction, key] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const)
    listOf(spec[direction]).forEach((rule, index) => {
      const at = `spec.${direction}[${index}]`;
      listOf(rule['ports']).forEach((port, i) =>
        found.push(...portProblems(port, `${at}.ports[${i}]`)),
      );
      listOf(rule[key]).forEach((peer, i) =>
        found.push(...peerProblems(peer, `${at}.${key}[${i}]`)),
      );
    });
  const types = Array.isArray(spec['policyTypes']) ? (spec['policyTypes'] as unknown[]) : [];
  types.forEach((type, index) => {
    if (type !== 'Ingress' && type !== 'Egress')
      found.push(unsupported(`spec.policyTypes[${index}]`, type, ['Ingress', 'Egress']));
  });
  return found;
}

function portProblems({ protocol, port, endPort }: Fields, at: string): Cause[] {
  const found: Cause[] = [];
  if (!['TCP', 'UDP', 'SCTP'].includes(String(protocol)))
    found.push(unsupported(`${at}.protocol`, protocol, ['TCP', 'UDP', 'SCTP']));
  if (typeof port === 'number') {
    if (port < 1 || port > 65_535)
      found.push(invalid(`${at}.port`, port, 'must be between 1 and 65535, inclusive'));
    if (typeof endPort === 'number' && endPort < port)
      found.push(invalid(`${at}.endPort`, endPort, 'must be greater than or equal to `port`'));
  } else if (endPort !== undefined) {
    if (port === undefined)
      found.push(
        invalid(`${at}.endPort`, endPort, 'may not be specified when `port` is not specified'),
      );
    else
      found.push(
        invalid(`${at}.endPort`, endPort, 'may not be specified when `port` is non-numeric'),
      );
  }
  return found;
}

function peerProblems(peer: Fields, at: string): Cause[] {
  const { ipBlock, podSelector, namespaceSelector } = peer;
  const found = [
    ...selectorProblems(podSelector, `${at}.podSelector`),
    ...selectorProblems(namespaceSelector, `${at}.namespaceSelector`),
  ];
  if (isRecord(ipBlock)) {
    const cidr = typeof ipBlock['cidr'] === 'string' ? ipBlock['cidr'] : '';
    if (cidr === '') found.push(required(`${at}.ipBlock.cidr`, ''));
    else if (!isCidr(cidr)) found.push(invalid(`${at}.ipBlock.cidr`, cidr, 'not a valid CIDR'));
  }
  if (Object.keys(peer).length === 0) return [required(at, 'must specify a peer')];
  if (isRecord(ipBlock) && (podSelector !== undefined || namespaceSelector !== undefined))
    return [
      ...found,
      {
        reason: 'FieldValueForbidden',
        message: 'Forbidden: may not specify both ipBlock and another peer',
        field: at,
      },
    ];
  return found;
}

function isCidr(cidr: string): boolean {
  const [ip = '', bits = '', ...more] = cidr.split('/');
  const max = { 0: -1, 4: 32, 6: 128 }[isIP(ip)] ?? -1;
  return more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= max;
}

const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const NAME_WORDS =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

function selectorProblems(value: unknown, at: string): Cause[] {
  if (!isRecord(value)) return [];
  const labels = isRecord(value['matchLabels']) ? Object.keys(value['matchLabels']) : [];
  const found = labels
    .filter((key) => !NAME.test(key.split('/').at(-1) ?? ''))
    .map((key) => invalid(`${at}.matchLabels`, key, NAME_WORDS));
  listOf(value['matchExpressions']).forEach(({ operator, values }, index) => {
    const field = `${at}.matchExpressions[${index}]`;
    const count = Array.isArray(values) ? values.length : 0;
    if (operator === 'In' || operator === 'NotIn') {
      if (count === 0)
        found.push(
          required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"),
        );
    } else if (operator !== 'Exists' && operator !== 'DoesNotExist')
      found.push(invalid(`${field}.operator`, operator, 'not a valid selector operator'));
    else if (count > 0)
      found.push({
        reason: 'FieldValueForbidden',
        message: "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        field: `${field}.values`,
      });
  });
  return found;
}

function invalid(field: string, value: unknown, why: string): Cause {
  return {
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
    field,
  };
}

function required(field: string, why: string): Cause {
  return { reason: 'FieldValueRequired', message: `Required value${why && `: ${why}`}`, field };
}

function unsupported(field: string, value: unknown, allowed: readonly string[]): Cause {
  const values = allowed.map((one) => `"${one}"`).join(', ');
  return {
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${values}`,
    field,
  };
}
