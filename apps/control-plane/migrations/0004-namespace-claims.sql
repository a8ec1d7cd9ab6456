-- Which clusters a selector picks, kept with the clusters, so that a thousand selectors cost a join and not a thousand conditions.
-- project_id NULL: among the clusters of all projects of the organization.
CREATE TABLE cluster_selectors (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  organization_id uuid NOT NULL REFERENCES organizations,
  project_id uuid REFERENCES projects,
  selector jsonb NOT NULL,
  UNIQUE NULLS NOT DISTINCT (organization_id, project_id, selector)
);

CREATE TABLE selected_clusters (
  selector_id uuid NOT NULL REFERENCES cluster_selectors ON DELETE CASCADE,
  cluster_id uuid NOT NULL REFERENCES clusters ON DELETE CASCADE,
  PRIMARY KEY (cluster_id, selector_id)
);
CREATE INDEX selected_clusters_selector ON selected_clusters (selector_id, cluster_id);

-- Namespaces that a project owns: by name, or by labels that tenants cannot set.
CREATE TABLE namespace_claims (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  organization_id uuid NOT NULL REFERENCES organizations,
  project_id uuid NOT NULL REFERENCES projects,
  name text NOT NULL,
  selector_id uuid NOT NULL REFERENCES cluster_selectors,
  namespaces text[],
  namespace_selector jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (project_id, name),
  CHECK ((namespaces IS NULL) <> (namespace_selector IS NULL))
);
CREATE INDEX namespace_claims_selector ON namespace_claims (selector_id);
CREATE INDEX namespace_claims_namespaces ON namespace_claims USING gin (namespaces);

-- Keys of namespace labels that only platform teams can set in the clusters.
ALTER TABLE organizations ADD COLUMN trusted_namespace_labels text[] NOT NULL DEFAULT '{}';

ALTER TABLE role_bindings
  ADD COLUMN claim_id uuid REFERENCES namespace_claims ON DELETE CASCADE,
  DROP CONSTRAINT role_bindings_organization_id_subject_kind_subject_role_pro_key,
  ADD CONSTRAINT role_bindings_once
    UNIQUE NULLS NOT DISTINCT (organization_id, subject_kind, subject, role, project_id, cluster_selector, claim_id);
CREATE INDEX role_bindings_claim ON role_bindings (claim_id);
