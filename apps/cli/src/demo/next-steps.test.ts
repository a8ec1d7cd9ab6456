import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { HubClient } from '../hub/hub-client.ts';
import { nextSteps } from './next-steps.ts';

const folder = mkdtempSync(join(tmpdir(), 'picket-steps-'));
mkdirSync(join(folder, '.picket'));
const tokenFile = join(folder, '.picket', 'token');
const url = 'http://127.0.0.1:4000';
writeFileSync(tokenFile, 'picket_x\n', { mode: 0o600 });
writeFileSync(join(folder, '.picket', 'connection.json'), JSON.stringify({ url, tokenFile }), {
  mode: 0o600,
});
const hub = { url, tokenFile, firstToken: undefined, died: new Promise<never>(() => {}) };
const people = [
  {
    name: 'shop' as const,
    what: 'NamespaceEditor',
    hub: new HubClient({ url, token: 'picket_x' }),
    tokenFile: join(folder, '.picket', 'shop-token'),
  },
];
const env = { HOME: '/nonexistent' };

describe('nextSteps', () => {
  it('prints short commands where picket finds this hub by itself', () => {
    const text = nextSteps(hub, join(folder, '.picket/a/kubeconfig'), people, { env, cwd: folder });

    expect(text).toContain('    npx picket get status\n');
    expect(text).toContain(
      '    kubectl --kubeconfig .picket/a/kubeconfig get networkpolicies -A\n',
    );
    expect(text).toContain(
      `    npx picket permissions --url ${url} --token-file .picket/shop-token\n`,
    );
    expect(text).toContain(`Admin token      in ${tokenFile}\n`);
  });

  it('names the hub where a login or a variable leads elsewhere', () => {
    const elsewhere = { ...env, PICKET_URL: 'https://hub.example', PICKET_TOKEN: 'other' };

    const text = nextSteps(hub, '/k', people, { env: elsewhere, cwd: folder });

    expect(text).toContain(`npx picket get status --url ${url} --token-file .picket/token\n`);
  });

  it('quotes what a shell would split', () => {
    const text = nextSteps(hub, "/it's here/kubeconfig", people, { env, cwd: folder });

    expect(text).toContain(`kubectl --kubeconfig '/it'\\''s here/kubeconfig' get`);
  });
});
