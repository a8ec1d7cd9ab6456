import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const HOW = 'get one with `setup-envtest use -p path` and set KUBEBUILDER_ASSETS to its folder';

/** The folder with kube-apiserver and etcd: KUBEBUILDER_ASSETS, our cache, or built on Debian. Throws with the reason else. */
export async function findKubeAssets(): Promise<string> {
  const given = process.env['KUBEBUILDER_ASSETS'];
  if (given) {
    if (isComplete(given)) return given;
    throw new Error(`KUBEBUILDER_ASSETS=${given} lacks kube-apiserver or etcd`);
  }
  const cache = path.join(homedir(), '.cache', 'picket', 'kube-assets-v1.20.2-debian');
  if (isComplete(cache)) return cache;
  const isDebian = (await readFile('/etc/os-release', 'utf8').catch(() => '')).includes(
    'ID=debian',
  );
  if (!isDebian || process.getuid?.() !== 0) throw new Error(`not Debian as root; ${HOW}`);
  await buildInto(cache);
  return cache;
}

function isComplete(folder: string): boolean {
  return ['kube-apiserver', 'etcd'].every((program) => existsSync(path.join(folder, program)));
}

/** Builds beside the target and renames, under a lock that names its holder, so that two runs at once build once. */
async function buildInto(target: string): Promise<void> {
  const lock = `${target}.lock`;
  await mkdir(path.dirname(target), { recursive: true });
  while (!(await take(lock))) {
    await sleep(1000);
    if (isComplete(target)) return;
  }
  const draft = `${target}.${process.pid}`;
  try {
    const script = path.join(import.meta.dirname, 'build-from-debian.sh');
    const build = spawn('bash', [script, draft], { stdio: ['ignore', 'inherit', 'inherit'] });
    const code = await new Promise<number | null>((resolve) => build.once('exit', resolve));
    if (code !== 0) throw new Error(`building it from Debian's source failed (${code}); ${HOW}`);
    await rename(draft, target);
  } finally {
    await rm(draft, { recursive: true, force: true });
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, `${process.pid}`, { flag: 'wx' });
    return true;
  } catch {
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
    if (holder > 0 && !existsSync(`/proc/${holder}`)) await rm(lock, { force: true });
    return false;
  }
}
