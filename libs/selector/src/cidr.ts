import { parseAddress } from './address.ts';

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
  if (!parsed) return undefined;
  const bits = parsed.family === 4 ? 32 : 128;
  if (prefix > bits) return undefined;
  const size = 1n << BigInt(bits - prefix);
  const first = (parsed.value / size) * size;
  return {
    family: parsed.family,
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
    parsed.family === cidr.family &&
    cidr.first <= parsed.value &&
    parsed.value <= cidr.last
  );
}

/** Whether it is an IPv4 block in IPv6 text, `::ffff:10.0.0.0/104`: two readings of one network, so the APIs refuse it or read it differently. */
export function isIpv4Mapped({ family, first, prefix }: Cidr): boolean {
  return family === 6 && prefix >= 96 && first >> 32n === 0xffffn;
}
