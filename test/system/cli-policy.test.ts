import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';

import { TestHub } from '../support/hub/index.ts';
import { type Outcome, runPicket } from './run-picket.ts';

jest.setTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), 'picket-cli-'));
let hub: TestHub;
let editor: string;

beforeAll(async () => {
  hub = await TestHub.start();
  const claimed = await picket(
    'claim create shop --namespace shop cart -l tier=dev',
    hub.adminToken,
  );
  expect(claimed.stdout).toBe('shop owns shop, cart in 0 clusters\n');
  writeFileSync(join(folder, 'rails.yaml'), 'requiresApproval: whenOutside\n');
  const set = await picket('guard-rails set rails.yaml', hub.adminToken);
  expect(set.stdout).toBe('The guard rails of default are at revision 1\n');
  const { createApiToken } = await hub.ask(
    `mutation { createApiToken(input: { name: "team" }) { secret apiToken { id } } }`,
  );
  await hub.ask(
    `mutation ($input: CreateRoleBindingInput!) { createRoleBinding(input: $input) { id } }`,
    {
      input: {
        role: 'NamespaceEditor',
        subjectKind: 'TOKEN',
        subject: createApiToken.apiToken.id,
        project: 'default',
        claim: 'shop',
      },
    },
  );
  editor = createApiToken.secret;
});
afterAll(async () => {
  await hub?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const picket = (args: string, token = editor): Promise<Outcome> =>
  runPicket(args.split(' '), {
    cwd: folder,
    env: { PICKET_URL: hub.url, PICKET_TOKEN: token },
  });
function write(name: string, rules: string, more = ''): string {
  writeFileSync(
    join(folder, `${name}.yaml`),
    `apiVersion: picket.dev/v1alpha1
kind: NamespacePolicy
metadata: { name: ${name}, claim: shop${more} }
spec:
  podSelector: {}
  ${rules}
`,
  );
  return `${name}.yaml`;
}
const INSIDE = 'ingress: [{ from: [{ podSelector: {} }] }]';
const OUTSIDE = 'egress: [{ to: [{ ipBlock: { cidr: 8.8.8.8/32 } }] }]';

it('applies, lists, shows and deletes a policy', async () => {
  const file = write('inside', INSIDE, ', namespaces: [shop]');

  expect(await picket(`apply -f ${file}`)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('created'),
  });
  expect(await picket(`diff -f ${file}`)).toMatchObject({ code: 0 });
  const shown = await picket('policy show shop inside');
  writeFileSync(join(folder, 'again.yaml'), shown.stdout);
  expect((await picket('apply -f again.yaml')).stdout).toContain('unchanged');
  expect((await picket('policy list')).stdout).toMatch(/shop +inside +1 +shop +- +team/);

  write('inside', INSIDE);
  expect(await picket(`diff -f ${file}`)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('-namespaces:'),
  });
  expect((await picket(`policy save -f ${file} --reason more`)).stdout).toBe(
    'shop/inside is version 2\n',
  );
  expect((await picket('policy delete shop inside')).stdout).toBe('shop/inside is deleted\n');
  expect((await picket('policy delete shop inside')).code).toBe(3);
});

it('previews, asks, and lets somebody else decide', async () => {
  const file = write('outside', OUTSIDE);

  const preview = await picket(`policy preview -f ${file}`);
  expect(preview).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('Allowed: no addresses'),
  });
  expect(preview.stdout).toContain('shop/outside would be requested in 0 clusters');
  expect(preview.stdout).toContain('+ spec.egress[0]: {"to":[{"ipBlock":{"cidr":"8.8.8.8/32"}}]}');

  const asked = await picket(`apply -f ${file}`);
  expect(asked).toMatchObject({ code: 0, stdout: expect.stringContaining('requested') });
  const id = /policy request (\S+)/.exec(asked.stderr)?.[1] ?? '';
  expect((await picket('policy requests --changes')).stdout).toContain(id);
  expect((await picket(`policy approve ${id}`)).code).toBe(3);
  expect((await picket(`policy approve ${id}`, hub.adminToken)).stdout).toBe(
    'shop/outside is approved\n',
  );
  expect((await picket(`policy save -f ${file}`)).stdout).toBe(
    'shop/outside is as it was, version 1\n',
  );

  const second = await picket(`policy save -f ${write('other', OUTSIDE)}`);
  const other = /policy request (\S+)/.exec(second.stdout)?.[1] ?? '';
  expect((await picket(`policy refuse ${other} --reason no`, hub.adminToken)).stdout).toBe(
    'shop/other is refused\n',
  );
  expect((await picket('policy requests --state REFUSED')).stdout).toContain(other);
});

it('isolates, and makes an exception for a while', async () => {
  expect((await picket('policy isolate shop --namespace cart')).stdout).toMatch(
    /^shop\/isolate-cart-\w{8} is version 1\n$/,
  );
  expect((await picket('policy isolate shop -l app=web')).stdout).toMatch(
    /^shop\/isolate-web-\w{8} is version 1\n$/,
  );

  const file = write('for-now', 'egress: [{ to: [{ namespaceSelector: {} }] }]');
  expect((await picket(`policy exception -f ${file} --for 4h --reason outage`)).stdout).toMatch(
    /^shop\/for-now until \S+Z is version 1\n$/,
  );
  expect((await picket('policy renew shop for-now --for 2d --reason still')).stdout).toContain(
    'is version 2',
  );
  expect((await picket('policy list --expiring')).stdout).toMatch(/for-now +2 .* team/);
  expect((await picket('policy end shop for-now')).stdout).toBe('shop/for-now has ended\n');
  expect((await picket('policy list --expiring')).stdout).not.toContain('for-now');
});

it('shows the team what it has and may do', async () => {
  expect((await picket('claim list')).stdout).toMatch(
    /shop +default +\{"matchLabels":\{"tier":"dev"\}\} +cart,shop/,
  );
  expect((await picket('guard-rails show')).stdout).toBe('requiresApproval: whenOutside\n');
  expect((await picket('guard-rails set rails.yaml')).code).toBe(3);
});

it('says what is wrong with its input', async () => {
  writeFileSync(join(folder, 'pod.yaml'), 'kind: Pod\nmetadata: { name: a }\n');

  expect(await picket('policy save -f pod.yaml')).toMatchObject({
    code: 2,
    stderr: 'pod.yaml:1: Pod is no NamespacePolicy\n',
  });
  expect(await picket(`policy save -f ${write('bad', 'ingres: []')}`)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('spec.ingres: unknown field (did you mean ingress?)'),
  });
  expect((await picket(`policy exception -f ${write('x', INSIDE)} --for 4w --reason x`)).code).toBe(
    2,
  );
});
