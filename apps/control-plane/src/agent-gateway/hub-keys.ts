import type { HubKey } from '@picket/agent-protocol';

/** What people may know of the keys that sign grants. Known once this replica has read them. */
export class HubKeys {
  keyId = '';
  counter = 0;
  keys: readonly HubKey[] = [];
}
