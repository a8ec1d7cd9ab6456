import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { TestHub } from '../hub/index.ts';
import type { TestCluster } from '../kube/index.ts';

const OWN = new Set(['.picket', '.git']);

/** A folder that looks like a checkout to whoever follows a document: with a hub that runs, and a cluster that kubectl finds. */
export class Checkout {
  readonly #folder: string;
  readonly #groups: number[] = [];

  constructor(root: string, hub: TestHub, cluster: TestCluster) {
    this.#folder = mkdtempSync(path.join(tmpdir(), 'picket-documents-'));
    for (const entry of readdirSync(root))
      if (!OWN.has(entry)) symlinkSync(path.join(root, entry), path.join(this.#folder, entry));
    symlinkSync(path.join(root, 'deploy/blueprints'), path.join(this.#folder, 'policies'));
    this.write('.picket/admin-token', hub.adminToken);
    this.write(
      '.picket/connection.json',
      JSON.stringify({ url: hub.url, tokenFile: 'admin-token' }),
    );
    this.write('home/.kube/config', cluster.kubeconfig());
  }

  write(file: string, text: string): void {
    const at = path.join(this.#folder, file);
    mkdirSync(path.dirname(at), { recursive: true });
    writeFileSync(at, text, { mode: 0o600 });
  }

  /** Runs a script until its first failure. What it leaves in the background runs until `close`. */
  async run(script: string): Promise<{ code: number | null; output: string }> {
    const log = path.join(this.#folder, 'output.log');
    const output = openSync(log, 'w');
    const bin = path.join(this.#folder, 'node_modules', '.bin');
    const programs = [bin, process.env['PICKET_TEST_KUBE_ASSETS'], process.env['PATH']];
    const shell = spawn('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: this.#folder,
      env: { HOME: path.join(this.#folder, 'home'), PATH: programs.join(path.delimiter) },
      stdio: ['ignore', output, output],
      detached: true,
    });
    this.#groups.push(shell.pid ?? 0);
    const [code] = (await once(shell, 'exit')) as [number | null];
    closeSync(output);
    return { code, output: readFileSync(log, 'utf8') };
  }

  close(): void {
    for (const group of this.#groups)
      try {
        process.kill(-group, 'SIGTERM');
      } catch {
        // Nothing of it runs any more.
      }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
