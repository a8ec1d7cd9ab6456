import type { LabelSelector } from '@picket/selector';

/** Where a role holds: in the whole organization, in one project, or for the clusters that a selector picks, of one project or of all. */
export type Scope =
  | { readonly kind: 'organization' }
  | { readonly kind: 'project'; readonly projectId: string }
  | {
      readonly kind: 'clusters';
      readonly projectId: string | null;
      readonly selector: LabelSelector;
    };
