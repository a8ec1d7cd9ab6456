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
export { BLUEPRINT_LABEL, originOf, type Origin } from './origin.ts';
export type {
  Adoption,
  Manifest,
  NamespaceTemplate,
  PolicySet,
  PolicySetObject,
} from './policy-set.ts';
