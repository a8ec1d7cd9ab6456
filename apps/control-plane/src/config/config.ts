import { z } from 'zod';

import { isLoopback, isSafeUrl } from '../platform/safe-url.ts';

const Milliseconds = z.coerce.number().int().min(1);
const Bytes = z.coerce.number().int().min(1_024);

/** Every setting of the process, its unit and its default. Nothing else reads the environment. */
export const Environment = z.object({
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .describe('PostgreSQL 15 or later, as a role that cannot edit the audit log.'),
  MIGRATION_DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe(
      'The same database as the owner of its tables, for main.migrate alone; a process of the hub that has it migrates at its start. Absent: it waits for the migrations.',
    ),
  DATABASE_POOL_MAX: z.coerce
    .number()
    .int()
    .min(2)
    .max(200)
    .default(20)
    .describe('Connections to PostgreSQL of this process.'),
  DATABASE_PREPARE: z
    .stringbool()
    .default(true)
    .describe(
      'Whether statements that are asked often are prepared once per connection; false behind a pooler that cannot keep them apart (PgBouncer before 1.21).',
    ),
  DATABASE_STATEMENT_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(60_000)
    .describe(
      'When PostgreSQL ends a statement of this process (ms); 0: never, and nothing is sent that a pooler such as PgBouncer could refuse.',
    ),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/ })
    .optional()
    .describe('Absent: queue and fan-out use PostgreSQL.'),
  HOST: z.string().default('127.0.0.1').describe('Address to listen on.'),
  PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(8443)
    .describe('0 takes a free one from the operating system.'),
  PUBLIC_URL: z
    .url()
    .optional()
    .describe('How agents reach the hub; default: the address it listens on.'),
  TLS_CERT_FILE: z
    .string()
    .optional()
    .describe('PEM; with TLS_KEY_FILE the hub itself speaks HTTPS.'),
  TLS_KEY_FILE: z.string().optional().describe('PEM.'),
  TLS_TERMINATED: z
    .stringbool()
    .default(false)
    .describe(
      'Says that TLS ends in front of the hub, at a proxy through which alone it can be reached. Without it, and without TLS_CERT_FILE, the hub listens on loopback only.',
    ),
  TRUSTED_PROXIES: z
    .string()
    .optional()
    .describe(
      'Addresses and CIDRs, separated by commas, whose X-Forwarded-For is believed. Absent: nobody’s.',
    ),
  API_EXPLORER: z
    .stringbool()
    .default(false)
    .describe('Whether the schema can be asked for (introspection) and tried at /graphiql.'),
  RATE_REQUESTS_MAX: z.coerce
    .number()
    .int()
    .min(0)
    .default(6_000)
    .describe('Requests of one person or token in a minute; 0: any number.'),
  RATE_FAILED_SIGN_INS_MAX: z.coerce
    .number()
    .int()
    .min(0)
    .default(60)
    .describe('Sign-ins from one address that may fail in a minute; 0: any number.'),
  SIGNING_KEY_FILE: z
    .string()
    .optional()
    .describe(
      'PEM, Ed25519 private key that signs grants, and the key statements of earlier rotations; made at the first start when it is missing. This or SIGNING_KEY.',
    ),
  SIGNING_KEY: z
    .string()
    .optional()
    .describe('What SIGNING_KEY_FILE would hold, for a secret store that fills variables.'),
  TOKEN_SECRET_FILE: z
    .string()
    .describe(
      '32 random bytes or more that sign the agents’ access tokens; made at the first start when it is missing.',
    ),
  BOOTSTRAP_TOKEN_FILE: z
    .string()
    .optional()
    .describe(
      'The first admin’s token: taken from this file, or made and written there (0600), when the hub has no token yet.',
    ),
  OIDC_ISSUER: z
    .url({ protocol: /^https?$/ })
    .refine((url) => isSafeUrl(url) && !/[?#]/.test(url), {
      error: 'must be https (http on loopback only), without ? and #',
    })
    .optional()
    .describe('Issuer at which people sign in, as its tokens name it; absent: API tokens only.'),
  OIDC_AUDIENCE: z
    .string()
    .optional()
    .describe('Whom tokens of the issuer must be for; several with commas. Goes with OIDC_ISSUER.'),
  OIDC_CLIENT_ID: z
    .string()
    .optional()
    .describe(
      'Public client, with the device flow, as which `picket login` signs people in; one of OIDC_AUDIENCE.',
    ),
  OIDC_SCOPES: z
    .string()
    .default('openid email profile offline_access')
    .describe('Scopes that `picket login` asks for; many issuers give groups for `groups` only.'),
  OIDC_USERNAME_CLAIM: z
    .string()
    .min(1)
    .default('email')
    .describe(
      'Claim by which role bindings name people; `email` counts when `email_verified` is true. Without it they are named by their id, `ISSUER#SUB`.',
    ),
  OIDC_GROUPS_CLAIM: z
    .string()
    .min(1)
    .default('groups')
    .describe('Claim that lists the groups of a person.'),
  OIDC_ORGANIZATION: z
    .string()
    .default('default')
    .describe('Organization that people of the issuer sign in to.'),
  OIDC_CA_FILE: z
    .string()
    .optional()
    .describe('PEM; the only authorities that the issuer’s certificate is checked with.'),
  AGENT_IMAGE: z
    .string()
    .default('ghcr.io/picket-dev/picket-agent:0.1.0')
    .describe('Image in the manifest that registerCluster returns.'),
  AGENT_HEARTBEAT_MS: Milliseconds.max(300_000)
    .default(30_000)
    .describe('How often an agent reports in when nothing changes (ms).'),
  ACCESS_TOKEN_TTL_S: z.coerce
    .number()
    .int()
    .min(5)
    .max(86_400)
    .default(3_600)
    .describe('Life of an agent’s access token (s).'),
  GRANT_TTL_S: z.coerce
    .number()
    .int()
    .min(60)
    .max(2_592_000)
    .default(86_400)
    .describe('Life of a grant (s); renewed when half of it is over.'),
  JOIN_TOKEN_TTL_S: z.coerce
    .number()
    .int()
    .min(1)
    .max(604_800)
    .default(86_400)
    .describe('Life of a join token (s).'),
  BODY_BYTES_MAX: Bytes.max(67_108_864)
    .default(2_097_152)
    .describe('Largest request body (bytes).'),
  AUDIT_KEY_FILE: z
    .string()
    .optional()
    .describe(
      'PEM, Ed25519 private key by which workers sign how far the audit log has come; made at the first start when it is missing. Absent: a cut end of the log is not seen.',
    ),
  AUDIT_HEADS_FILE: z
    .string()
    .optional()
    .describe('Workers append each signed head to it, a line of JSON: keep it elsewhere.'),
  AUDIT_WEBHOOK_URL: z
    .url({ protocol: /^https?$/ })
    .refine(isSafeUrl, { error: 'must be https (http on loopback only)' })
    .optional()
    .describe('Workers send sealed audit events and signed heads there, as JSON lines.'),
  AUDIT_WEBHOOK_SECRET_FILE: z
    .string()
    .optional()
    .describe(
      '16 characters or more that sign what is sent there (HMAC-SHA256 in `picket-signature`).',
    ),
  SWEEP_MS: Milliseconds.max(600_000)
    .default(60_000)
    .describe('How often the worker looks for work that an event did not announce (ms).'),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least level that is logged.'),
});

export type Config = Readonly<z.infer<typeof Environment>>;

/** Throws one error that lists every bad variable, so a wrong deployment fails at start and not at 3 a.m. */
export function loadConfig(env: Record<string, string | undefined>): Config {
  // An empty variable is how compose and Kubernetes say "not set".
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = Environment.safeParse(given);
  const faults = result.success ? [] : [z.prettifyError(result.error)];
  if (Boolean(given['TLS_CERT_FILE']) !== Boolean(given['TLS_KEY_FILE']))
    faults.push('✖ TLS_CERT_FILE and TLS_KEY_FILE go together');
  const { PUBLIC_URL = 'https:' } = result.data ?? {};
  const { protocol, hostname = '' } = URL.parse(PUBLIC_URL) ?? {};
  if (protocol === 'http:' && !isLoopback(hostname.replaceAll(/[[\]]/g, '')))
    faults.push('✖ PUBLIC_URL must be an https URL: agents and people send their tokens there');
  if (result.success && !isLoopback(result.data.HOST) && !given['TLS_CERT_FILE'])
    if (!result.data.TLS_TERMINATED)
      faults.push(
        `✖ HOST=${result.data.HOST} is not loopback: tokens would cross the network in clear. Give TLS_CERT_FILE and TLS_KEY_FILE, or say TLS_TERMINATED=true when a proxy does TLS`,
      );
  if (Boolean(given['OIDC_ISSUER']) !== Boolean(given['OIDC_AUDIENCE']))
    faults.push('✖ OIDC_ISSUER and OIDC_AUDIENCE go together');
  // An ID token is for the client that asked for it.
  const clientId = given['OIDC_CLIENT_ID'];
  if (clientId !== undefined && !audiencesOf(given['OIDC_AUDIENCE']).includes(clientId))
    faults.push('✖ OIDC_CLIENT_ID must be one of OIDC_AUDIENCE');
  if (Boolean(given['AUDIT_WEBHOOK_URL']) !== Boolean(given['AUDIT_WEBHOOK_SECRET_FILE']))
    faults.push('✖ AUDIT_WEBHOOK_URL and AUDIT_WEBHOOK_SECRET_FILE go together');
  if (Boolean(given['SIGNING_KEY_FILE']) === Boolean(given['SIGNING_KEY']))
    faults.push('✖ One of SIGNING_KEY_FILE and SIGNING_KEY is needed');
  if (!result.success || faults.length > 0)
    throw new Error(`Invalid environment:\n${faults.join('\n')}`);
  return Object.freeze(result.data);
}

/** The audiences of `OIDC_AUDIENCE`. */
export function audiencesOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((audience) => audience.trim())
    .filter((audience) => audience !== '');
}
