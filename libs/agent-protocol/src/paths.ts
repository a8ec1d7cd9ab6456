/** Every endpoint of the agent gateway. The major version of the protocol is part of the path and never changes its meaning. */
export const PATHS = {
  /** POST EnrolRequest → EnrolResponse. No bearer token: the join token is the credential. */
  enrol: '/agent/v1/enrol',
  /** POST TokenRequest → TokenResponse. No bearer token: the signed assertion is the credential. */
  token: '/agent/v1/token',
  /** POST SyncRequest → SyncResponse. */
  sync: '/agent/v1/sync',
  /** GET, `text/event-stream`: `event: sync` says "sync now", `event: revoked` ends it, comments keep it alive. */
  stream: '/agent/v1/stream',
  /** POST StatusReport → 202 once committed. */
  status: '/agent/v1/status',
  /** POST FactsReport → 202 once committed. */
  facts: '/agent/v1/facts',
  /** GET → canonical JSON of a policy set; immutable; gzip; 404 for a digest that this cluster is not due. */
  policySet: (digest: string) => `/agent/v1/policy-sets/${digest}`,
} as const;
