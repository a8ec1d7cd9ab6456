-- Whose approval the clusters of a project want, for manifests and for the list of what waits. Agents do not take it from here.
ALTER TABLE projects
  ADD COLUMN approver_keys jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN approvals_needed integer NOT NULL DEFAULT 1;

CREATE TABLE approvals (
  cluster_id uuid NOT NULL REFERENCES clusters ON DELETE CASCADE,
  digest text NOT NULL,
  public_key text NOT NULL,
  signed_at_ms bigint NOT NULL,
  not_after bigint,
  signature text NOT NULL,
  PRIMARY KEY (cluster_id, digest, public_key)
);
