export { matchesLabels } from './matches-labels.ts';
export { LabelSelector, LabelExpression, Labels } from './label-selector.ts';
export {
  EVERY_LABEL_SET,
  formulaOf,
  holdsFor,
  type LabelFormula,
  type LabelTest,
} from './label-formula.ts';
export { implies, mayHold } from './formula-reach.ts';
export { labelKeyFault, labelValueFault } from './label-syntax.ts';
export { parseCalicoSelector } from './calico-selector.ts';
export { parseSelectorText, SelectorTextInvalid } from './selector-text.ts';
export { LAST_ADDRESS, addressText, parseAddress, type Address } from './address.ts';
export { outsideOf, overlap, type AddressRange } from './address-range.ts';
export { parseCidr, cidrContains, cidrHasAddress, isIpv4Mapped, type Cidr } from './cidr.ts';
