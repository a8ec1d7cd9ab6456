import { z } from 'zod';

/** Name of a project, cluster, blueprint or assignment (RFC 1123 label). */
export const nameSchema = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, {
    error:
      'must be lower-case letters, digits and "-", with a letter or digit at both ends, at most 63',
  });
