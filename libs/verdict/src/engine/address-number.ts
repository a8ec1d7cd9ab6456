import { parseAddress } from '@picket/selector';

/** An address: of IPv4 a number, of IPv6 a bigint, so the type tells the family and IPv4 costs no allocation. */
export type AddressNumber = number | bigint;

const DOT = 46;
const ZERO = 48;

/** Reads an address; undefined for anything that `parseAddress` refuses. */
export function addressNumber(text: string): AddressNumber | undefined {
  return plainIpv4(text) ?? otherwise(text);
}

/** Dotted decimal without leading zeros, which is nearly all there is. */
function plainIpv4(text: string): number | undefined {
  let value = 0;
  let octet = -1;
  let dots = 0;
  if (text.length > 15) return undefined;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === DOT) {
      if (octet < 0 || ++dots > 3) return undefined;
      value = value * 256 + octet;
      octet = -1;
    } else {
      const digit = code - ZERO;
      if (digit < 0 || digit > 9 || octet === 0) return undefined;
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return undefined;
    }
  }
  return dots === 3 && octet >= 0 ? value * 256 + octet : undefined;
}

function otherwise(text: string): AddressNumber | undefined {
  const address = parseAddress(text);
  if (!address) return undefined;
  return address.family === 4 ? Number(address.value) : address.value;
}

export function familyOf(address: AddressNumber): 4 | 6 {
  return typeof address === 'number' ? 4 : 6;
}
