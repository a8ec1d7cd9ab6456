import { parseArgs } from 'node:util';

import { z } from 'zod';

export const USAGE = `picket-agent: keeps one cluster on the policy set that its hub grants

  --hub URL             the hub, as it is reached from here (required)
  --token-file FILE     the one-time join token; read until the agent has enrolled
  --kubeconfig FILE     how to reach the cluster; default: the service account of this pod
  --state-dir FOLDER    where the agent keeps its state; in a pod only reports that wait (default: ./picket-agent)
  --ca-file FILE        PEM of a certificate authority that signed the hub's certificate, besides the usual ones
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
  listen: z.string().default('127.0.0.1:0').pipe(Listen),
  'log-level': z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

/** Everything that the agent is told when it starts. */
export type Settings = z.infer<typeof Settings>;

/** Reads the command line. Throws an error that lists all that is wrong with it. */
export function readSettings(args: readonly string[]): Settings | 'help' | 'version' {
  const { values } = parse(args);
  if (values.help) return 'help';
  if (values.version) return 'version';
  const result = Settings.safeParse(values);
  if (result.success) return result.data;
  const faults = result.error.issues.map(
    ({ path, message }) =>
      `--${path.join('.')}: ${values[path[0] as 'hub'] === undefined ? 'is required' : message}`,
  );
  throw new Error(`${faults.join('\n')}\n\n${USAGE}`);
}

function parse(args: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof options }>> {
  try {
    return parseArgs({ args: [...args], options, strict: true });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${USAGE}`, { cause: error });
  }
}
