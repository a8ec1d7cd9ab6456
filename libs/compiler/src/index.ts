export {
  compile,
  compileKey,
  type Binding,
  type CompileInput,
  type CompileResult,
} from './compile.ts';
export { expand } from './expand.ts';
export { type Loss, type ServedKinds } from './losses.ts';
export { diffBlueprints, type EntryChange } from './diff-blueprints.ts';
export { objectName, type BoundNamespacePolicy } from './namespace-policy.ts';
export {
  isOfTeam,
  isStamped,
  originOf,
  type BlueprintOrigin,
  type NamespacePolicyOrigin,
  type Origin,
} from './origin.ts';
export type {
  Adoption,
  Manifest,
  NamespaceTemplate,
  PolicySet,
  PolicySetObject,
} from './policy-set.ts';
