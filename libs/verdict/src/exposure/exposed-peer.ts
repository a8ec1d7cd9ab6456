import type { PodSelection } from '../model/policy.ts';
import { selectionText } from '../words/selection-text.ts';

/** `cluster`: any pod in any namespace. `pods`: pods that a rule names and that may come to be. `outside`: `first-last`. */
export type ExposedPeer =
  | { readonly kind: 'cluster' }
  | ({ readonly kind: 'pods' } & PodSelection)
  | { readonly kind: 'outside'; readonly range: string };

/** `entire cluster`, `namespace shop, pods with app=web`, `10.0.0.0-10.0.0.255`. */
export function exposedPeerText(peer: ExposedPeer): string {
  switch (peer.kind) {
    case 'cluster':
      return 'entire cluster';
    case 'outside':
      return peer.range;
    case 'pods':
      return selectionText(peer);
  }
}
