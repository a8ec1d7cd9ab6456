import type { Explanation } from './explanation.ts';

/** The explanation in words for those who run the applications: lines without markup, the verdict first, manifests as YAML last. */
export function explanationText(_explanation: Explanation): string[] {
  throw new Error('explanationText: the next commits fill this in');
}
