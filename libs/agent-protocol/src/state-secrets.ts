/** Most chunks of one row: eight of a megabyte hold a compressed set and inventory of a cluster of ten thousand namespaces several times. */
export const STATE_CHUNKS_MAX = 8;

/** Texts that may need more than one Secret. The identity never does. */
const IN_CHUNKS = ['set'];

/**
 * Names of the Secrets in which an agent keeps one text in its cluster: the first, and two rows of chunks for what does not fit into it (the
 * row in force, and the one that is written). RBAC opens exactly these.
 */
export function stateSecretNames(name: string): {
  readonly first: string;
  readonly a: readonly string[];
  readonly b: readonly string[];
} {
  const first = `picket-agent-${name}`;
  const count = IN_CHUNKS.includes(name) ? STATE_CHUNKS_MAX : 0;
  const row = (letter: string): string[] =>
    Array.from({ length: count }, (_, index) => `${first}-${letter}${index}`);
  return { first, a: row('a'), b: row('b') };
}
