/** A block of addresses. `first` and `last` are the addresses as numbers, host bits cleared and set. */
export interface Cidr {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  readonly prefix: number;
  /** False when the text had host bits set: `10.0.0.7/8`. Go's ParseCIDR takes that, some plugins do not. */
  readonly canonical: boolean;
}

/**
 * Reads `10.0.0.0/8` or `2001:db8::/32` as Go's `netip.ParsePrefix` does, host bits allowed; undefined for anything else.
 *
 * Leading zeros are refused: old parsers read them as octal, so two plugins could see two networks (CVE-2021-29923).
 */
export function parseCidr(text: string): Cidr | undefined {
  const [address, length, ...rest] = text.split('/');
  if (address === undefined || length === undefined || rest.length > 0) return undefined;
  if (!/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const parsed = parseAddress(address);
  const prefix = Number(length);
  if (!parsed || prefix > parsed.bits) return undefined;
  const size = 1n << BigInt(parsed.bits - prefix);
  const first = (parsed.value / size) * size;
  return {
    family: parsed.bits === 32 ? 4 : 6,
    first,
    last: first + size - 1n,
    prefix,
    canonical: first === parsed.value,
  };
}

/** Whether every address of `inner` is in `outer`. False for different families. */
export function cidrContains(outer: Cidr, inner: Cidr): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

/** Whether the address (text, IPv4 or IPv6) is in the block. False for what is no address. */
export function cidrHasAddress(cidr: Cidr, address: string): boolean {
  const parsed = parseAddress(address);
  return (
    parsed !== undefined &&
    parsed.bits === (cidr.family === 4 ? 32 : 128) &&
    cidr.first <= parsed.value &&
    parsed.value <= cidr.last
  );
}

function parseAddress(text: string): { value: bigint; bits: 32 | 128 } | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): { value: bigint; bits: 32 } | undefined {
  const octets = text.split('.');
  if (octets.length !== 4) return undefined;
  let value = 0n;
  for (const octet of octets) {
    if (!/^(0|[1-9]\d{0,2})$/.test(octet) || Number(octet) > 255) return undefined;
    value = value * 256n + BigInt(octet);
  }
  return { value, bits: 32 };
}

/** Whether it is an IPv4 block in IPv6 text, `::ffff:10.0.0.0/104`: two readings of one network, so the APIs refuse it or read it differently. */
export function isIpv4Mapped({ family, first, prefix }: Cidr): boolean {
  return family === 6 && prefix >= 96 && first >> 32n === 0xffffn;
}

/** RFC 4291 section 2.2, all three forms; dotted IPv4 at the end only. */
function parseIpv6(text: string): { value: bigint; bits: 128 } | undefined {
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
  return { value, bits: 128 };
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
