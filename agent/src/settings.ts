import { parseArgs } from 'node:util';

import { ApproverKey, type Approvers, APPROVERS_MAX } from '@picket/agent-protocol';
import { z } from 'zod';

export const USAGE = `picket-agent: keeps one cluster on the policy set that its hub grants

  --hub URL             the hub, as it is reached from here (required)
  --token-file FILE     the one-time join token; read until the agent has enrolled
  --kubeconfig FILE     how to reach the cluster; default: the service account of this pod
  --state-dir FOLDER    where the agent keeps its state; in a pod only reports that wait (default: ./picket-agent)
  --ca-file FILE        PEM of a certificate authority that signed the hub's certificate, besides the usual ones
  --approver-key NAME=KEY
                        whose approval a policy set needs besides the hub's grant: a raw Ed25519 public key in base64url, as the
                        hub's manifest and \`picket approvers\` have it; may be repeated. The hub cannot change it
  --approvals-needed N  how many of the approvers must agree (default: 1)
  --listen HOST:PORT    where /healthz, /readyz and /metrics answer; port 0 takes a free one (default: 127.0.0.1:0)
  --log-level LEVEL     debug, info, warn or error (default: info)
  --help, --version

Environment: HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured; POD_NAME and POD_NAMESPACE name this pod for its Lease.
`;

const options = {
  hub: { type: 'string' },
  'token-file': { type: 'string' },
  kubeconfig: { type: 'string' },
  'state-dir': { type: 'string' },
  'ca-file': { type: 'string' },
  'approver-key': { type: 'string', multiple: true },
  'approvals-needed': { type: 'string' },
  listen: { type: 'string' },
  'log-level': { type: 'string' },
  help: { type: 'boolean' },
  version: { type: 'boolean' },
} as const;

const Listen = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:]+):\d{1,5}$/, 'must be HOST:PORT')
  .transform((text) => {
    const colon = text.lastIndexOf(':');
    return {
      host: text.slice(0, colon).replaceAll(/[[\]]/g, ''),
      port: Number(text.slice(colon + 1)),
    };
  })
  .refine(({ port }) => port <= 65_535, 'must be HOST:PORT with a port up to 65535');

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

const NamedKey = z.string().transform((text, context): ApproverKey => {
  const [name = '', ...key] = text.split('=');
  const result = ApproverKey.safeParse({ name, publicKey: key.join('=') });
  if (result.success) return result.data;
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is not NAME=KEY` });
  return z.NEVER;
});

const Settings = z.object({
  // Whoever reads along has the join token and the access tokens.
  hub: z.url({ protocol: /^https?$/, error: 'must be an https URL' }).refine((text) => {
    const { protocol, hostname } = URL.parse(text) ?? {};
    return protocol === 'https:' || LOOPBACK.test(hostname ?? '');
  }, 'must be an https URL; http is for this machine only'),
  'token-file': z.string().optional(),
  kubeconfig: z.string().optional(),
  'state-dir': z.string().default('picket-agent'),
  'ca-file': z.string().optional(),
  'approver-key': z.array(NamedKey).max(APPROVERS_MAX).default([]),
  'approvals-needed': z.coerce.number().int().min(1).default(1),
  listen: z.string().default('127.0.0.1:0').pipe(Listen),
  'log-level': z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

/** Everything that the agent is told when it starts. */
export type Settings = Omit<z.infer<typeof Settings>, 'approver-key' | 'approvals-needed'> & {
  readonly approvers?: Approvers;
};

/** Reads the command line. Throws an error that lists all that is wrong with it. */
export function readSettings(args: readonly string[]): Settings | 'help' | 'version' {
  const { values } = parse(args);
  if (values.help) return 'help';
  if (values.version) return 'version';
  const result = Settings.safeParse(values);
  if (result.success) return withApprovers(result.data);
  const faults = result.error.issues.map(
    ({ path, message }) =>
      `--${path.join('.')}: ${values[path[0] as 'hub'] === undefined ? 'is required' : message}`,
  );
  throw new Error(`${faults.join('\n')}\n\n${USAGE}`);
}

function withApprovers(given: z.infer<typeof Settings>): Settings {
  const { 'approver-key': keys, 'approvals-needed': needed, ...settings } = given;
  const different = new Set(keys.map(({ publicKey }) => publicKey)).size;
  if (different !== keys.length)
    throw new Error(`--approver-key: a key is given twice\n\n${USAGE}`);
  if (needed > Math.max(1, keys.length))
    throw new Error(`--approvals-needed: there are only ${keys.length} approvers\n\n${USAGE}`);
  return { ...settings, ...(keys.length > 0 && { approvers: { keys, needed } }) };
}

function parse(args: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof options }>> {
  try {
    return parseArgs({ args: [...args], options, strict: true });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${USAGE}`, { cause: error });
  }
}
