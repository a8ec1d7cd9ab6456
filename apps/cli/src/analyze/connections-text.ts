import type { Connections } from '@picket/verdict';

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'] as const;
const EVERYTHING = PROTOCOLS.map((protocol) => `${protocol} 1-65535`).join(',');

/** What may be open, as other analyzers write it: `TCP 80,8080-8090,UDP 53`, `All Connections` or `No Connections`. */
export function connectionsText(connections?: Connections, unknown?: Connections): string {
  const text = portsText(connections) || 'No Connections';
  const allowed = text === EVERYTHING ? 'All Connections' : text;
  return unknown ? `${allowed} (unknown: ${portsText(unknown)})` : allowed;
}

function portsText(connections: Connections | undefined): string {
  return PROTOCOLS.flatMap((protocol) => {
    const ranges = connections?.[protocol] ?? [];
    if (ranges.length === 0) return [];
    const texts = ranges.map(([first, last]) => (first === last ? first : `${first}-${last}`));
    return `${protocol} ${texts.join(',')}`;
  }).join(',');
}
