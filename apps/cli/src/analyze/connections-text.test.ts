import { expect, it } from '@jest/globals';
import type { Connections } from '@picket/verdict';

import { connectionsText } from './connections-text.ts';

const none: Connections = { TCP: [], UDP: [], SCTP: [] };
const all: Connections = { TCP: [[1, 65_535]], UDP: [[1, 65_535]], SCTP: [[1, 65_535]] };

const cases: [text: string, connections?: Connections, unknown?: Connections][] = [
  ['No Connections'],
  ['No Connections', none],
  ['All Connections', all],
  ['SCTP 1-65535,TCP 1-65535', { ...all, UDP: [] }],
  [
    'TCP 80,8080-8090,UDP 53',
    {
      TCP: [
        [80, 80],
        [8_080, 8_090],
      ],
      UDP: [[53, 53]],
      SCTP: [],
    },
  ],
  ['No Connections (unknown: TCP 443)', none, { ...none, TCP: [[443, 443]] }],
  ['TCP 80 (unknown: UDP 1-65535)', { ...none, TCP: [[80, 80]] }, { ...none, UDP: [[1, 65_535]] }],
];

it.each(cases.map(([text, ...ports]) => [text, ports] as const))('writes %s', (text, ports) => {
  expect(connectionsText(...ports)).toBe(text);
});
