/** Of a DNS subdomain, which names of objects are. */
const MAX_NAME = 253;
const ROOM_FOR_NUMBER = 8;

/** Names of ClusterNetworkPolicies, each given once. */
export class Names {
  readonly #taken: Set<string>;

  constructor(taken: readonly string[]) {
    this.#taken = new Set(taken);
  }

  /** The wanted name, or with a number where that is taken or too long. */
  take(wanted: string): string {
    const short = wanted.slice(0, MAX_NAME - ROOM_FOR_NUMBER);
    let name = wanted.length > MAX_NAME ? short : wanted;
    for (let next = 2; this.#taken.has(name); next++) name = `${short}-${next}`;
    this.#taken.add(name);
    return name;
  }
}
