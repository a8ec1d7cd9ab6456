import { createTwoFilesPatch } from 'diff';
import { parse, stringify } from 'yaml';

import type { HubClient } from '../hub/hub-client.ts';
import {
  type AssignmentContent,
  type Json,
  findAssignment,
  findBlueprint,
  findCluster,
} from '../hub/operations.ts';
import { listAll } from '../hub/list-all.ts';
import { listPolicies } from '../hub/policy-operations.ts';
import type { AppliedDocument } from './apply-documents.ts';

type Spec = Readonly<Record<string, Json>>;

/** Unified text: what the hub has now against what the document asks for. Key order and comments do not count. */
export async function diffDocument(
  hub: HubClient,
  project: string,
  { action, kind, name, source }: AppliedDocument,
): Promise<string> {
  const wanted = contentOf(kind, parse(source.text) as Wanted);
  const current =
    action === 'CREATED' ? undefined : await fetchContent(hub, project, kind, name, wanted);
  if (current !== undefined && toText(current) === toText(wanted))
    return `# ${kind}/${name}: as it is, on the version that this apply publishes\n`;
  return createTwoFilesPatch(
    current === undefined ? '/dev/null' : `hub/${kind}/${name}`,
    source.file,
    current === undefined ? '' : toText(current),
    toText(wanted),
    undefined,
    undefined,
    { context: 3 },
  ).replace(/^=+\n/, '');
}

interface Wanted {
  readonly metadata: {
    readonly labels?: Spec;
    readonly claim?: string;
    readonly namespaces?: Json;
  };
  readonly spec?: Spec;
}

/** The part of a document that can differ: the labels of a cluster, the spec of anything else, with the namespaces of a policy. */
function contentOf(kind: string, { metadata, spec }: Wanted): Spec {
  if (kind === 'Cluster') return { labels: metadata.labels ?? {} };
  if (kind !== 'NamespacePolicy') return { spec: spec ?? {} };
  const { claim = '', namespaces } = metadata;
  return { claim, ...(namespaces && { namespaces }), spec: spec ?? {} };
}

async function fetchContent(
  hub: HubClient,
  project: string,
  kind: string,
  name: string,
  wanted: Spec,
): Promise<Spec | undefined> {
  switch (kind) {
    case 'Cluster':
      return { labels: (await hub.ask(findCluster, { name, project })).cluster.labels };
    case 'Blueprint': {
      const { blueprint } = await hub.ask(findBlueprint, { name, project });
      return blueprint.newestVersion === null
        ? undefined
        : { spec: blueprint.newestVersion.document };
    }
    case 'Assignment': {
      const { assignment } = await hub.ask(findAssignment, { name, project });
      return { spec: withoutDefaults(assignment, wanted['spec'] as Spec) };
    }
    case 'NamespacePolicy': {
      const filter = { project, claim: wanted['claim'] as string };
      const policies = await listAll(
        async (after) => (await hub.ask(listPolicies, { after, filter })).namespacePolicies,
      );
      const policy = policies.find((one) => one.name === name);
      if (!policy) return undefined;
      const { claim, namespaces, spec } = policy;
      return { claim, ...(namespaces && { namespaces }), spec: spec as Spec };
    }
    default:
      return undefined;
  }
}

/** What a document may leave to the hub is no difference: the pinned version, and parameters when there are none. */
function withoutDefaults(
  { blueprint, version, clusterSelector, parameters }: AssignmentContent,
  wanted: Spec,
): Spec {
  const isPlain = wanted['parameters'] === undefined && Object.keys(parameters).length === 0;
  return {
    blueprint: blueprint.name,
    clusterSelector,
    ...(wanted['version'] !== undefined && { version }),
    ...(!isPlain && { parameters }),
  };
}

function toText(content: Spec): string {
  return stringify(content, { sortMapEntries: true, lineWidth: 0 });
}
