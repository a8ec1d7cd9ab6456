import { randomUUID } from 'node:crypto';

import { ApiRefusal, isRecord, isSame } from './api-object.ts';
import type { ApiObject, Cause } from './api-object.ts';
import { applyFields, recordUpdate } from './field-ownership.ts';
import { patchJson, patchMerge, type JsonPatch } from './patch.ts';
import { defaultNetworkPolicy, networkPolicyProblems } from './network-policy.ts';
import { builtIn, groupVersion, qualifiedName, resourcesOf, type Resource } from './resource.ts';
import { defaultAndPrune, undeclaredField, violations } from './schema.ts';
import type { Store } from './store.ts';

export interface Target {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string;
}

export interface Write {
  readonly manager: string;
  readonly isDryRun: boolean;
  readonly force?: boolean;
}

const CRDS = 'customresourcedefinitions.apiextensions.k8s.io';
const NAME = /^[a-z0-9]([-a-z0-9.:]*[a-z0-9])?$/;

/** What the API does with objects: admission, defaults, validation, ownership of fields, and the life of a namespace. */
export class KubeApi {
  readonly store: Store;
  readonly #now: () => Date;

  constructor(store: Store, now: () => Date) {
    this.store = store;
    this.#now = now;
    for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease'])
      this.create(
        target(builtIn[0] as Resource, undefined, name),
        { metadata: { name } },
        { manager: 'kube-apiserver', isDryRun: false },
      );
  }

  resources(): Resource[] {
    return [...builtIn, ...this.store.list(CRDS).flatMap(([, crd]) => resourcesOf(crd))];
  }

  get(at: Target): ApiObject {
    const found = this.store.find(qualifiedName(at.resource), keyOf(at));
    if (!found)
      throw new ApiRefusal(
        404,
        'NotFound',
        `${qualifiedName(at.resource)} "${at.name}" not found`,
        detailsOf(at),
      );
    return found;
  }

  create(at: Target, body: Record<string, unknown>, write: Write): ApiObject {
    const object = this.#complete(at, body);
    if (this.store.find(qualifiedName(at.resource), keyOf(at)))
      throw new ApiRefusal(
        409,
        'AlreadyExists',
        `${qualifiedName(at.resource)} "${at.name}" already exists`,
        detailsOf(at),
      );
    return this.#save(at, undefined, object, write, false);
  }

  update(at: Target, body: Record<string, unknown>, write: Write): ApiObject {
    const live = this.get(at);
    const object = this.#complete(at, body);
    checkVersion(at, live, object);
    return this.#save(at, live, object, write, false);
  }

  patch(at: Target, patch: unknown, type: string, write: Write): ApiObject {
    const live = this.get(at);
    const next =
      type === 'json-patch'
        ? patchJson(live, patch as readonly JsonPatch[])
        : patchMerge(live, patch);
    return this.update(at, next as Record<string, unknown>, write);
  }

  apply(at: Target, patch: Record<string, unknown>, write: Write): ApiObject {
    const wanted = this.#complete(at, patch, false);
    const unknown = undeclaredField(wanted, at.resource.schema);
    if (unknown)
      throw new ApiRefusal(
        500,
        undefined,
        `failed to create typed patch object: ${unknown}: field not declared in schema`,
      );
    const live = this.store.find(qualifiedName(at.resource), keyOf(at));
    if (live) checkVersion(at, live, wanted);
    const { schema } = at.resource;
    const writer = { manager: write.manager, time: this.#time(), force: write.force === true };
    return this.#save(at, live, applyFields(live, wanted, schema, writer), write, true);
  }

  delete(at: Target, options: Record<string, unknown>, isDryRun: boolean): ApiObject {
    const live = this.get(at);
    const wanted = isRecord(options['preconditions']) ? options['preconditions'] : {};
    for (const [key, field] of [
      ['uid', 'UID'],
      ['resourceVersion', 'ResourceVersion'],
    ] as const)
      if (wanted[key] !== undefined && wanted[key] !== live.metadata[key])
        throw new ApiRefusal(
          409,
          'Conflict',
          `Operation cannot be fulfilled on ${qualifiedName(at.resource)} "${at.name}": Precondition failed: ${field} in precondition: ${JSON.stringify(wanted[key])}, ${field} in object meta: ${live.metadata[key]}`,
          detailsOf(at),
        );
    if (isDryRun) return live;
    const isNamespace = at.resource.kind === 'Namespace';
    if (!isNamespace && !live.metadata.finalizers?.length) {
      this.#remove(at);
      return live;
    }
    const metadata = {
      ...live.metadata,
      deletionTimestamp: live.metadata.deletionTimestamp ?? this.#time(),
    };
    const status = isNamespace && { status: { phase: 'Terminating' } };
    const dying = this.store.put(qualifiedName(at.resource), keyOf(at), {
      ...live,
      metadata,
      ...status,
    });
    if (isNamespace) setImmediate(() => this.#empty(at));
    return dying;
  }

  #remove(at: Target): void {
    const crd = at.resource.kind === 'CustomResourceDefinition' && this.get(at);
    if (crd)
      for (const resource of resourcesOf(crd))
        for (const [key] of this.store.list(qualifiedName(resource)))
          this.store.delete(qualifiedName(resource), key);
    this.store.delete(qualifiedName(at.resource), keyOf(at));
  }

  #empty(at: Target): void {
    for (const resource of this.store.resources())
      for (const [key, { metadata }] of this.store.list(resource))
        if (metadata.namespace === at.name) this.store.delete(resource, key);
    this.store.delete(qualifiedName(at.resource), keyOf(at));
  }

  /** The body with what the address says, refused when they disagree. */
  #complete(at: Target, body: unknown, fillDefaults = true): ApiObject {
    const { resource, namespace, name } = at;
    if (!isRecord(body))
      throw new ApiRefusal(
        400,
        'BadRequest',
        `the object provided is unrecognized (must be of type ${resource.kind})`,
      );
    const given = isRecord(body['metadata']) ? body['metadata'] : {};
    if (given['name'] !== undefined && given['name'] !== name)
      throw new ApiRefusal(
        400,
        'BadRequest',
        `the name of the object (${given['name'] as string}) does not match the name on the URL (${name})`,
      );
    if (given['namespace'] !== undefined && given['namespace'] !== namespace)
      throw new ApiRefusal(
        400,
        'BadRequest',
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    const apiVersion = groupVersion(resource);
    for (const [field, value] of Object.entries({ apiVersion, kind: resource.kind }))
      if (body[field] !== undefined && body[field] !== value)
        throw new ApiRefusal(
          400,
          'BadRequest',
          `${field} of the object (${body[field] as string}) does not match the expected ${value}`,
        );
    const { managedFields: _, ...rest } = given;
    const metadata = { ...rest, name, ...(namespace !== undefined && { namespace }) };
    const object = { ...body, apiVersion, kind: resource.kind, metadata } as ApiObject;
    return fillDefaults ? this.#default(at, object) : object;
  }

  #default({ resource }: Target, object: ApiObject): ApiObject {
    if (resource.kind === 'NetworkPolicy' && !resource.isCustom)
      return defaultNetworkPolicy(object);
    if (resource.isCustom) return defaultAndPrune(object, resource.schema) as ApiObject;
    if (resource.kind !== 'Namespace') return object;
    const labels = {
      ...object.metadata.labels,
      'kubernetes.io/metadata.name': object.metadata.name,
    };
    // kubectl sends both, empty.
    const [spec, status] = [object['spec'], object['status']].map((part) =>
      isRecord(part) ? part : {},
    );
    return {
      ...object,
      spec: { finalizers: ['kubernetes'], ...spec },
      status: { phase: 'Active', ...status },
      metadata: { ...object.metadata, labels },
    };
  }

  #save(
    at: Target,
    live: ApiObject | undefined,
    next: ApiObject,
    write: Write,
    isApply: boolean,
  ): ApiObject {
    const { resource, namespace, name } = at;
    const time = this.#time();
    let object = isApply ? this.#default(at, next) : next;
    this.#validate(at, object);
    if (namespace !== undefined && !live) this.#admit(at, namespace);
    const {
      uid,
      creationTimestamp,
      deletionTimestamp,
      generation = 0,
      managedFields,
    } = live?.metadata ?? {};
    const isSpecChanged =
      !live || !isSame({ ...live, metadata: 0, status: 0 }, { ...object, metadata: 0, status: 0 });
    const metadata = {
      ...withoutEmptyMaps(object.metadata),
      uid: uid ?? randomUUID(),
      creationTimestamp: creationTimestamp ?? time,
      ...(deletionTimestamp && { deletionTimestamp }),
      generation: generation + (isSpecChanged ? 1 : 0),
      managedFields: (isApply ? object.metadata.managedFields : managedFields) ?? [],
      resourceVersion: live?.metadata.resourceVersion ?? '',
    };
    object = { ...object, metadata };
    if (!isApply)
      object = recordUpdate(live, object, resource.schema, { manager: write.manager, time });
    if (live && isSame(live, object)) return live;
    if (resource.kind === 'CustomResourceDefinition') object = established(object);
    if (write.isDryRun) return object;
    if (deletionTimestamp && resource.kind !== 'Namespace' && !object.metadata.finalizers?.length) {
      this.#remove(at);
      return object;
    }
    return this.store.put(qualifiedName(resource), keyOf({ resource, namespace, name }), object);
  }

  #validate(at: Target, object: ApiObject): void {
    const { resource, name } = at;
    const causes: Cause[] = [];
    if (
      !NAME.test(name) ||
      name.length > 253 ||
      (name.includes(':') && !resource.group.startsWith('rbac'))
    )
      causes.push({
        reason: 'FieldValueInvalid',
        message: `Invalid value: "${name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
        field: 'metadata.name',
      });
    if (resource.isCustom) causes.push(...violations(object, resource.schema));
    else if (resource.kind === 'NetworkPolicy') causes.push(...networkPolicyProblems(object));
    if (causes.length === 0) return;
    const texts = causes.map(({ field, message }) => `${field}: ${message}`);
    const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
    const what = resource.group ? `${resource.kind}.${resource.group}` : resource.kind;
    const details = {
      name,
      ...(resource.group && { group: resource.group }),
      kind: resource.kind,
      causes,
    };
    throw new ApiRefusal(422, 'Invalid', `${what} "${name}" is invalid: ${list}`, details);
  }

  #admit(at: Target, namespace: string): void {
    const found = this.store.find('namespaces', namespace);
    if (!found)
      throw new ApiRefusal(404, 'NotFound', `namespaces "${namespace}" not found`, {
        name: namespace,
        kind: 'namespaces',
      });
    if (found.metadata.deletionTimestamp)
      throw new ApiRefusal(
        403,
        'Forbidden',
        `${qualifiedName(at.resource)} "${at.name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
        detailsOf(at),
      );
  }

  #time(): string {
    return this.#now()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');
  }
}

/** A write that names the version it was made from is refused on any other. */
function checkVersion(at: Target, live: ApiObject, next: ApiObject): void {
  const version = next.metadata.resourceVersion;
  if (version && version !== live.metadata.resourceVersion)
    throw new ApiRefusal(
      409,
      'Conflict',
      `Operation cannot be fulfilled on ${qualifiedName(at.resource)} "${at.name}": the object has been modified; please apply your changes to the latest version and try again`,
      detailsOf(at),
    );
}

export function target(resource: Resource, namespace: string | undefined, name: string): Target {
  return { resource, namespace, name };
}

function keyOf({ namespace, name }: Pick<Target, 'namespace' | 'name' | 'resource'>): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function detailsOf({ resource, name }: Target): object {
  return { name, ...(resource.group && { group: resource.group }), kind: resource.plural };
}

/** Go leaves them out when it writes. */
function withoutEmptyMaps({
  labels,
  annotations,
  ...rest
}: ApiObject['metadata']): ApiObject['metadata'] {
  const isThere = (map: object | undefined): boolean => Object.keys(map ?? {}).length > 0;
  return {
    ...rest,
    ...(labels && isThere(labels) && { labels }),
    ...(annotations && isThere(annotations) && { annotations }),
  };
}

function established(crd: ApiObject): ApiObject {
  const spec = crd['spec'] as { readonly names: object };
  const conditions = ['NamesAccepted', 'Established'].map((type) => ({ type, status: 'True' }));
  return { ...crd, status: { conditions, acceptedNames: spec.names } };
}
