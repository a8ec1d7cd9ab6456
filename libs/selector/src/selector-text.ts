import { DomainError } from '@picket/kernel';

import type { LabelExpression, LabelSelector } from './label-selector.ts';
import { labelKeyFault, labelValueFault } from './label-syntax.ts';

/** The text is no label selector in the syntax of `kubectl -l`. */
export class SelectorTextInvalid extends DomainError {
  readonly code = 'SELECTOR_INVALID';
  readonly kind = 'invalid';
}

const SET = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const EQUALITY = /^([^=!\s]+)\s*(==|=|!=)\s*(\S*)$/;

/**
 * Reads the selector syntax of `kubectl -l`: `tier=prod,region in (eu, us),!legacy,owner`.
 *
 * An empty text is the empty selector, which picks everything. Throws SelectorTextInvalid with the part that is wrong.
 */
export function parseSelectorText(text: string): LabelSelector {
  if (text.length > 4_096) throw new SelectorTextInvalid('A selector has at most 4096 characters');
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim());
  if (parts.length === 1 && parts[0] === '') return {};
  return { matchExpressions: parts.map((part) => parseRequirement(part)) };
}

function parseRequirement(part: string): LabelExpression {
  const set = SET.exec(part);
  if (set) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    return expression(part, set[1] ?? '', set[2] === 'in' ? 'In' : 'NotIn', values);
  }
  const equality = EQUALITY.exec(part);
  if (equality)
    return expression(part, equality[1] ?? '', equality[2] === '!=' ? 'NotIn' : 'In', [
      equality[3] ?? '',
    ]);
  return part.startsWith('!')
    ? expression(part, part.slice(1).trim(), 'DoesNotExist')
    : expression(part, part, 'Exists');
}

function expression(
  part: string,
  key: string,
  operator: LabelExpression['operator'],
  values?: string[],
): LabelExpression {
  const keyFault = labelKeyFault(key);
  if (keyFault !== undefined)
    throw new SelectorTextInvalid(`In ${JSON.stringify(part)}: the key ${keyFault}`);
  for (const value of values ?? []) {
    const fault = labelValueFault(value);
    if (fault !== undefined)
      throw new SelectorTextInvalid(
        `In ${JSON.stringify(part)}: value ${JSON.stringify(value)} ${fault}`,
      );
  }
  return { key, operator, ...(values && { values }) };
}
