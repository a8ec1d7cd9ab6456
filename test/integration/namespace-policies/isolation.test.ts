import { expect, it, jest } from '@jest/globals';

import { type Data, eventually } from '../../support/hub/index.ts';
import { describePolicies, NAME, WRITTEN } from './scene.ts';

jest.setTimeout(60_000);

describePolicies('isolation', (scene) => {
  const { run, stands, team, templates } = scene;

  it('isolates, allows and denies by ordinary policies, the same wish once', async () => {
    const own = await team({
      rails: { podNetworks: ['10.0.0.0/8'], ingress: { cidrs: ['0.0.0.0/0', '::/0'] } },
    });
    const where = { project: own.project, claim: own.claim };
    const isolate = (): Promise<Data> =>
      run(
        'isolateNamespace',
        'IsolateNamespaceInput',
        {
          ...where,
          namespace: own.namespace,
          openings: [{ direction: 'ingress', namespace: 'monitoring', ports: [{ port: 9090 }] }],
        },
        own.editor,
        WRITTEN,
      );

    const first = await isolate();
    const second = await isolate();
    expect(first).toMatchObject({
      problems: [],
      policyRequests: [],
      namespacePolicies: [{ version: 1, namespaces: [own.namespace] }],
    });
    expect(second.namespacePolicies).toEqual(first.namespacePolicies);
    expect(first.namespacePolicies[0].spec.ingress[1]).toEqual({
      from: [{ namespaceSelector: { matchLabels: { [NAME]: 'monitoring' } } }],
      ports: [{ protocol: 'TCP', port: 9090 }],
    });

    const allowed = await run(
      'allowWorkload',
      'AllowWorkloadInput',
      {
        ...where,
        source: { namespace: 'elsewhere', labels: { app: 'web' } },
        target: { namespace: own.namespace, labels: { app: 'api' } },
        ports: [{ port: 443 }],
      },
      own.editor,
      WRITTEN,
    );
    expect(allowed).toMatchObject({
      problems: [],
      namespacePolicies: [{ namespaces: [own.namespace] }],
    });
    await stands(own, first.namespacePolicies[0].name, allowed.namespacePolicies[0].name);

    const deny = (source: string): Promise<Data> =>
      run(
        'denyNamespace',
        'DenyNamespaceInput',
        { ...where, source, target: own.namespace },
        own.editor,
        WRITTEN,
      );
    expect(await deny('bank')).toMatchObject({
      namespacePolicies: [],
      problems: [{ code: 'DENIED_ALREADY', severity: 'warning' }],
    });
    expect(await deny('elsewhere')).toMatchObject({
      namespacePolicies: [],
      problems: [
        {
          code: 'DENIAL_VOID',
          message: expect.stringContaining(allowed.namespacePolicies[0].name),
        },
      ],
    });

    const open = await team({
      rails: { podNetworks: ['10.0.0.0/8'], ingress: { cidrs: ['0.0.0.0/0', '::/0'] } },
    });
    const denied = async (source: string): Promise<Data> =>
      run(
        'denyNamespace',
        'DenyNamespaceInput',
        { project: open.project, claim: open.claim, source, target: open.namespace },
        open.editor,
        WRITTEN,
      );
    await denied('bank');
    const both = await denied('mail');
    expect(both.problems).toEqual([]);
    expect(
      both.namespacePolicies[0].spec.ingress[0].from[0].namespaceSelector.matchExpressions[0]
        .values,
    ).toEqual(['bank', 'mail']);
  });

  it('denies nothing that a blueprint lets in, and names it', async () => {
    const own = await team({
      rails: { podNetworks: ['10.0.0.0/8'], ingress: { cidrs: ['0.0.0.0/0', '::/0'] } },
    });
    await scene.hub.apply(
      `
apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: base-${own.label} }
spec:
  namespacePolicies:
    - name: allow-bank
      namespaceSelector: { matchLabels: { ${NAME}: ${own.namespace} } }
      spec: { podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { ${NAME}: bank } } }] }] }
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: base-${own.label} }
spec: { blueprint: base-${own.label}, clusterSelector: { matchLabels: { team: ${own.label} } } }
`,
      'platform',
    );
    await eventually(async () =>
      expect(await templates(own.clusters[0] as { id: string })).toEqual(['allow-bank']),
    );
    const deny = (source: string): Promise<Data> =>
      run(
        'denyNamespace',
        'DenyNamespaceInput',
        { project: own.project, claim: own.claim, source, target: own.namespace },
        own.editor,
        WRITTEN,
      );

    expect(await deny('bank')).toMatchObject({
      problems: [{ code: 'DENIAL_VOID', message: expect.stringContaining('allow-bank') }],
    });
    expect(await deny('mail')).toMatchObject({ problems: [{ code: 'DENIED_ALREADY' }] });
  });

  it('writes all of a wish or nothing', async () => {
    const own = await team({ rails: { egress: { ports: [] } } });

    const result = await run(
      'isolateNamespace',
      'IsolateNamespaceInput',
      { project: own.project, claim: own.claim },
      own.editor,
      WRITTEN,
    );

    expect(result).toMatchObject({ namespacePolicies: [], policyRequests: [] });
    expect(new Set(result.problems.map(({ code }: Data) => code))).toEqual(
      new Set(['PORTS_NOT_NAMED', 'PORT_NOT_ALLOWED']),
    );
    await stands(own);
  });
});
