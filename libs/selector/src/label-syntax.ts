const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/**
 * Why `key` is no label key, or undefined when it is one: an optional DNS subdomain of at most 253 characters and `/`,
 * then a name of at most 63 (Kubernetes: Labels and Selectors, Syntax and character set).
 */
export function labelKeyFault(key: string): string | undefined {
  const parts = key.split('/');
  const name = parts.pop() ?? '';
  const prefix = parts.pop();
  if (parts.length > 0) return 'has more than one "/"';
  if (prefix !== undefined && (prefix.length > 253 || !PREFIX.test(prefix)))
    return 'has a prefix that is not a DNS subdomain of at most 253 characters';
  if (!NAME.test(name))
    return 'must have a name of 1 to 63 letters, digits, "-", "_", ".", with a letter or digit at both ends';
  return undefined;
}

/** Why `value` is no label value, or undefined when it is one: empty, or at most 63 characters with letters or digits at both ends. */
export function labelValueFault(value: string): string | undefined {
  return value === '' || NAME.test(value)
    ? undefined
    : 'must be empty or 1 to 63 letters, digits, "-", "_", ".", with a letter or digit at both ends';
}
