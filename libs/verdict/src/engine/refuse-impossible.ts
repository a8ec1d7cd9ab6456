import { FlowInvalid } from '../model/flow-errors.ts';
import type { Flow } from '../model/flow.ts';
import { MAX_PORT } from '../model/protocol.ts';

/** Throws FlowInvalid when there can be no such flow. */
export function refuseImpossible({ protocol, port, icmp }: Flow): void {
  const hasPorts = protocol === 'TCP' || protocol === 'UDP' || protocol === 'SCTP';
  if (!hasPorts && port !== undefined) throw new FlowInvalid(`${protocol} has no ports`);
  if (hasPorts && !(Number.isInteger(port) && Number(port) >= 1 && Number(port) <= MAX_PORT))
    throw new FlowInvalid(`A ${protocol} flow needs a port from 1 to ${MAX_PORT}, not ${port}`);
  for (const [name, value] of Object.entries(icmp ?? {}))
    if (!hasPorts && !(Number.isInteger(value) && value >= 0 && value <= 255))
      throw new FlowInvalid(`An ICMP ${name} is a number from 0 to 255, not ${value}`);
}
