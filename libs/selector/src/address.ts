/** An address as a number: of 32 bits for family 4, of 128 for family 6. */
export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** The last address of a family. */
export const LAST_ADDRESS: Readonly<Record<4 | 6, bigint>> = {
  4: (1n << 32n) - 1n,
  6: (1n << 128n) - 1n,
};

/** Reads an IPv4 or IPv6 address; undefined for anything else (leading zeros, zones, ports). */
export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** The canonical text: dotted for IPv4, RFC 5952 for IPv6. */
export function addressText({ family, value }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
  const words = Array.from({ length: 8 }, (_, index) =>
    ((value >> BigInt(112 - 16 * index)) & 65_535n).toString(16),
  );
  const zeros = longestZeros(words);
  if (zeros.length < 2) return words.join(':');
  return `${words.slice(0, zeros.start).join(':')}::${words.slice(zeros.start + zeros.length).join(':')}`;
}

/** The first of the longest runs of zeros, which RFC 5952 writes as `::`. */
function longestZeros(words: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < words.length; start++) {
    let length = 0;
    while (words[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

function parseIpv4(text: string): Address | undefined {
  const octets = text.split('.');
  if (octets.length !== 4) return undefined;
  let value = 0n;
  for (const octet of octets) {
    if (!/^(0|[1-9]\d{0,2})$/.test(octet) || Number(octet) > 255) return undefined;
    value = value * 256n + BigInt(octet);
  }
  return { family: 4, value };
}

/** RFC 4291 section 2.2, all three forms; dotted IPv4 at the end only. */
function parseIpv6(text: string): Address | undefined {
  if (text.length > 45) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [before = '', after] = halves;
  if (after !== undefined && before.includes('.')) return undefined;
  const head = groups(before);
  const tail = groups(after ?? '');
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (after === undefined ? missing !== 0 : missing < 1) return undefined;
  const all = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  let value = 0n;
  for (const group of all) value = value * 65_536n + BigInt(group);
  return { family: 6, value };
}

function groups(text: string): number[] | undefined {
  if (text === '') return [];
  const words = text.split(':');
  const numbers: number[] = [];
  for (const [index, word] of words.entries()) {
    const embedded = index === words.length - 1 ? parseIpv4(word) : undefined;
    if (embedded) numbers.push(Number(embedded.value >> 16n), Number(embedded.value & 65_535n));
    else if (/^[0-9a-fA-F]{1,4}$/.test(word)) numbers.push(Number.parseInt(word, 16));
    else return undefined;
  }
  return numbers;
}
