import { readFile } from 'node:fs/promises';

/** What the final stage of a Dockerfile says, as far as our Dockerfiles say it. */
export interface ImageSpec {
  readonly from: string;
  /** Pairs of a path in the build stage, which is a path in the repository below /src, and where it goes. */
  readonly copies: readonly (readonly [string, string])[];
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly user: string;
  readonly healthcheck: readonly string[] | undefined;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
}

/** Reads it. Throws on an instruction that it does not know, so that no line is overlooked. */
export async function readDockerfile(file: string): Promise<ImageSpec> {
  const text = await readFile(file, 'utf8');
  const instructions = text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => ({ name: line.split(' ')[0] ?? '', rest: line.replace(/^\S+\s+/, '') }));
  const args = pairsOf(instructions.filter(({ name }) => name === 'ARG').map(({ rest }) => rest));
  const final = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
  const unknown = final.find(({ name }) => !KNOWN.has(name));
  if (unknown) throw new Error(`${file}: ${unknown.name} is not understood here`);
  const all = (wanted: string): string[] =>
    final.filter(({ name }) => name === wanted).map(({ rest }) => rest);
  const list = (wanted: string): string[] | undefined => {
    const rest = all(wanted).at(-1);
    return rest === undefined ? undefined : (JSON.parse(rest.slice(rest.indexOf('['))) as string[]);
  };
  return {
    from: (all('FROM')[0] ?? '').replaceAll(/\$\{(\w+)\}/g, (_, name: string) => args[name] ?? ''),
    copies: all('COPY').map((rest) => {
      const [, from, to] = /^--from=build \/src\/(\S+) (\S+)$/.exec(rest) ?? [];
      if (from === undefined || to === undefined) throw new Error(`${file}: COPY ${rest}`);
      return [from, to] as const;
    }),
    env: pairsOf(all('ENV')),
    labels: pairsOf(all('LABEL')),
    user: all('USER').at(-1) ?? 'root',
    healthcheck: list('HEALTHCHECK'),
    entrypoint: list('ENTRYPOINT') ?? [],
    cmd: list('CMD') ?? [],
  };
}

const KNOWN = new Set(
  'FROM LABEL WORKDIR COPY USER ENV EXPOSE HEALTHCHECK ENTRYPOINT CMD'.split(' '),
);

/** `a=1 b="two words"` */
function pairsOf(lines: readonly string[]): Record<string, string> {
  const found = lines.flatMap((line) => [...line.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S+))/g)]);
  return Object.fromEntries(found.map(([, key, quoted, bare]) => [key, quoted ?? bare]));
}
