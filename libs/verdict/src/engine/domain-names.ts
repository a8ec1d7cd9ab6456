/** "'*' … matches one or more entire labels" (network-policy-api, apis/v1alpha2 DomainName). Case and a final dot do not count. */
export function matchesName(pattern: string, name: string): boolean {
  const [wanted, given] = [canonical(pattern), canonical(name)];
  return wanted.startsWith('*.') ? given.endsWith(wanted.slice(1)) : given === wanted;
}

/** Whether a name in `domain`, or the domain itself, can match the pattern. */
export function reaches(pattern: string, domain: string): boolean {
  const wanted = canonical(pattern);
  if (wanted === domain || wanted.endsWith(`.${domain}`)) return true;
  return wanted.startsWith('*.') && `.${domain}`.endsWith(wanted.slice(1));
}

function canonical(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
