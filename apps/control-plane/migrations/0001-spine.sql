-- The tables of the spine. Forward only: a later change is a later file, safe while the previous release still runs.
CREATE TABLE organizations (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE projects (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  organization_id uuid NOT NULL REFERENCES organizations,
  name text NOT NULL,
  requires_approval boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (organization_id, name)
);

CREATE TABLE api_tokens (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  organization_id uuid NOT NULL REFERENCES organizations,
  name text NOT NULL,
  role text NOT NULL,
  token_hash bytea NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz
);

CREATE TABLE capabilities (
  hash text PRIMARY KEY,
  body jsonb NOT NULL
);

CREATE TABLE policy_sets (
  digest text PRIMARY KEY,
  body bytea NOT NULL,
  size_bytes integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- What a compilation of these inputs gave. digest is what it made even when blocked, for people to look at.
CREATE TABLE renders (
  key text PRIMARY KEY,
  digest text NOT NULL REFERENCES policy_sets,
  blocked boolean NOT NULL,
  losses jsonb NOT NULL,
  problems jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE clusters (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  project_id uuid NOT NULL REFERENCES projects,
  name text NOT NULL,
  labels jsonb NOT NULL DEFAULT '{}',
  state text NOT NULL DEFAULT 'INVITED' CHECK (state IN ('INVITED', 'PENDING', 'APPROVED', 'REVOKED')),
  capabilities_hash text REFERENCES capabilities,
  desired_digest text REFERENCES policy_sets,
  desired_sequence bigint NOT NULL DEFAULT 0,
  render_key text REFERENCES renders,
  -- Set in the transaction of whatever may change what the cluster must have; the policy-sets worker takes it away.
  stale boolean NOT NULL DEFAULT false,
  registered_at timestamptz NOT NULL DEFAULT now(),
  approved_at timestamptz,
  UNIQUE (project_id, name)
) WITH (fillfactor = 70);
CREATE INDEX clusters_labels ON clusters USING gin (labels);
CREATE INDEX clusters_stale ON clusters (id) WHERE stale;
CREATE INDEX clusters_render ON clusters (render_key);

CREATE TABLE join_tokens (
  token_hash bytea PRIMARY KEY,
  cluster_id uuid NOT NULL REFERENCES clusters ON DELETE CASCADE,
  expires_at timestamptz NOT NULL,
  -- The key that used it: the same key may repeat a lost request, another may not.
  used_by text
);
CREATE INDEX join_tokens_cluster ON join_tokens (cluster_id);

CREATE TABLE blueprints (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  project_id uuid NOT NULL REFERENCES projects,
  name text NOT NULL,
  draft jsonb NOT NULL,
  draft_version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (project_id, name)
);

CREATE TABLE blueprint_versions (
  blueprint_id uuid NOT NULL REFERENCES blueprints ON DELETE CASCADE,
  number integer NOT NULL,
  document jsonb NOT NULL,
  state text NOT NULL DEFAULT 'PUBLISHED' CHECK (state IN ('PUBLISHED', 'ACTIVE', 'RETIRED')),
  published_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (blueprint_id, number)
);

CREATE FUNCTION versions_are_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a published version cannot be edited';
END $$;
CREATE TRIGGER versions_are_immutable BEFORE UPDATE OF document, number, blueprint_id ON blueprint_versions
  FOR EACH ROW WHEN (OLD.document IS DISTINCT FROM NEW.document OR OLD.number <> NEW.number OR OLD.blueprint_id <> NEW.blueprint_id)
  EXECUTE FUNCTION versions_are_immutable();

CREATE TABLE assignments (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  project_id uuid NOT NULL REFERENCES projects,
  name text NOT NULL,
  blueprint_id uuid NOT NULL REFERENCES blueprints,
  version integer NOT NULL,
  cluster_selector jsonb NOT NULL,
  parameters jsonb NOT NULL DEFAULT '{}',
  revision integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (project_id, name),
  FOREIGN KEY (blueprint_id, version) REFERENCES blueprint_versions (blueprint_id, number)
);

CREATE TABLE agent_identities (
  cluster_id uuid PRIMARY KEY REFERENCES clusters ON DELETE CASCADE,
  public_key text NOT NULL,
  enrolled_at timestamptz NOT NULL DEFAULT now()
);

-- Written once a second in one batch, so kept apart from what people edit.
CREATE TABLE heartbeats (
  cluster_id uuid PRIMARY KEY REFERENCES clusters ON DELETE CASCADE,
  seen_at timestamptz NOT NULL,
  agent_version text NOT NULL,
  digest text,
  sequence bigint NOT NULL
) WITH (fillfactor = 50);

-- Accepted reports wait here; the worker moves them in one transaction with the ledger (decision 10).
CREATE TABLE status_inbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  cluster_id uuid NOT NULL,
  epoch uuid NOT NULL,
  report_sequence bigint NOT NULL,
  report jsonb NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (cluster_id, epoch, report_sequence)
);

-- The last report that was taken in, per epoch of an agent: what comes again changes nothing.
CREATE TABLE report_ledger (
  cluster_id uuid NOT NULL REFERENCES clusters ON DELETE CASCADE,
  epoch uuid NOT NULL,
  report_sequence bigint NOT NULL,
  taken_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (cluster_id, epoch)
) WITH (fillfactor = 70);
CREATE INDEX report_ledger_taken_at ON report_ledger USING brin (taken_at);

CREATE TABLE cluster_statuses (
  cluster_id uuid PRIMARY KEY REFERENCES clusters ON DELETE CASCADE,
  epoch uuid NOT NULL,
  report_sequence bigint NOT NULL,
  sequence bigint NOT NULL,
  digest text NOT NULL,
  running_digest text,
  phase text NOT NULL,
  reason text,
  counts jsonb NOT NULL,
  outcomes jsonb NOT NULL,
  outcomes_dropped integer NOT NULL,
  repairs bigint NOT NULL,
  reported_at timestamptz NOT NULL
) WITH (fillfactor = 70);
