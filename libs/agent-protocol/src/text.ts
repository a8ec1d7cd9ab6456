import { z } from 'zod';

/** Text that can be stored: PostgreSQL takes neither NUL nor half a surrogate pair, and reports are written many at a time. */
export function Text(max: number): z.ZodString {
  return z.string().max(max).refine(isStorable, 'must hold no NUL and no half of a surrogate pair');
}

function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}
