-- An application team's NetworkPolicies for the namespaces of its claim. One that ended or was deleted stays, so that it can come back.
CREATE TABLE namespace_policies (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  claim_id uuid NOT NULL REFERENCES namespace_claims,
  name text NOT NULL,
  version integer NOT NULL,
  state text NOT NULL DEFAULT 'ACTIVE' CHECK (state IN ('ACTIVE', 'DELETED', 'ENDED')),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (claim_id, name)
);

-- namespaces NULL: all of the claim. expires_at: it is an exception, which has an owner.
CREATE TABLE namespace_policy_versions (
  policy_id uuid NOT NULL REFERENCES namespace_policies ON DELETE CASCADE,
  number integer NOT NULL,
  namespaces text[],
  spec jsonb NOT NULL,
  expires_at timestamptz,
  owner text,
  reason text,
  author text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (policy_id, number),
  CHECK ((expires_at IS NULL) = (owner IS NULL))
);
CREATE INDEX namespace_policy_versions_expires ON namespace_policy_versions (expires_at) WHERE expires_at IS NOT NULL;
CREATE TRIGGER versions_are_immutable BEFORE UPDATE ON namespace_policy_versions
  FOR EACH ROW EXECUTE FUNCTION versions_are_immutable();

-- A claim is held by what its policies do, not by what they did.
CREATE FUNCTION forget_past_policies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM namespace_policies WHERE claim_id = OLD.id AND state <> 'ACTIVE';
  RETURN OLD;
END $$;
CREATE TRIGGER forget_past_policies BEFORE DELETE ON namespace_claims
  FOR EACH ROW EXECUTE FUNCTION forget_past_policies();

-- Projects that may read a policy of another.
CREATE TABLE namespace_policy_shares (
  policy_id uuid NOT NULL REFERENCES namespace_policies ON DELETE CASCADE,
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (policy_id, project_id)
);
CREATE INDEX namespace_policy_shares_project ON namespace_policy_shares (project_id);

CREATE TABLE guard_rails (
  project_id uuid PRIMARY KEY REFERENCES projects ON DELETE CASCADE,
  rails jsonb NOT NULL,
  revision integer NOT NULL DEFAULT 1,
  changed_at timestamptz NOT NULL DEFAULT now()
);

-- A change that waits for the platform team. base_version: what it was made upon; NULL: nothing in force. content NULL: the policy is to go.
CREATE TABLE policy_requests (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  claim_id uuid NOT NULL REFERENCES namespace_claims ON DELETE CASCADE,
  name text NOT NULL,
  base_version integer,
  content jsonb,
  problems jsonb NOT NULL,
  reason text,
  requester_kind text NOT NULL,
  requester_id text NOT NULL,
  requester_name text NOT NULL,
  state text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'APPROVED', 'REFUSED', 'WITHDRAWN')),
  decided_by text,
  decision_reason text,
  decided_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX policy_requests_claim ON policy_requests (claim_id, created_at);
CREATE INDEX policy_requests_pending ON policy_requests (created_at) WHERE state = 'PENDING';
