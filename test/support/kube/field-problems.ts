import * as kubernetes from '@kubernetes/client-node';

import type { KubeBody } from './kube-client.ts';

interface Attribute {
  readonly baseName: string;
  readonly type: string;
}

/**
 * What a current API server would say of fields that an old one does not know: names and types by the OpenAPI document that the pinned
 * @kubernetes/client-node was generated from (its files name the release). Required fields are not in there. Kinds of version v1 only.
 */
export function fieldProblems(object: KubeBody): string[] {
  const type = `V1${object['kind']}`;
  if (!attributesOf(type) || !/^(.+\/)?v1$/.test(String(object['apiVersion'])))
    return [`${object['apiVersion']} ${object['kind']}: not a kind of the client`];
  return problemsAt(object, type, String(object['kind']));
}

function attributesOf(type: string): readonly Attribute[] | undefined {
  const models = kubernetes as unknown as Record<
    string,
    { getAttributeTypeMap?: () => readonly Attribute[] } | undefined
  >;
  return models[type]?.getAttributeTypeMap?.();
}

function problemsAt(value: unknown, type: string, path: string): string[] {
  const item = /^Array<(.+)>$/.exec(type)?.[1];
  if (item !== undefined)
    return Array.isArray(value)
      ? value.flatMap((each, at) => problemsAt(each, item, `${path}[${at}]`))
      : [`${path}: not a list`];
  const entry = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  const attributes = attributesOf(type);
  if (entry === undefined && attributes === undefined)
    return isOfType(value, type) ? [] : [`${path}: not of type ${type}`];
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [`${path}: not an object`];
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = entry ?? attributes?.find(({ baseName }) => baseName === name)?.type;
    return known === undefined
      ? [`${path}.${name}: no such field`]
      : problemsAt(inner, known, `${path}.${name}`);
  });
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'any') return true;
  if (type === 'IntOrString') return typeof value === 'string' || Number.isInteger(value);
  return typeof value === (type === 'Date' ? 'string' : type);
}
