-- Who may do what, where. The role of a token moves into a binding; the release before still reads the column.
CREATE TABLE roles (
  organization_id uuid NOT NULL REFERENCES organizations,
  name text NOT NULL,
  permissions text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, name)
);

-- Without a project and a selector: in the whole organization.
CREATE TABLE role_bindings (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  organization_id uuid NOT NULL REFERENCES organizations,
  subject_kind text NOT NULL,
  subject text NOT NULL,
  role text NOT NULL,
  project_id uuid REFERENCES projects ON DELETE CASCADE,
  cluster_selector jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (organization_id, subject_kind, subject, role, project_id, cluster_selector)
);

INSERT INTO role_bindings (organization_id, subject_kind, subject, role)
  SELECT organization_id, 'TOKEN', id::text, 'OrgAdmin' FROM api_tokens WHERE role = 'admin';

ALTER TABLE api_tokens
  ALTER COLUMN role DROP NOT NULL,
  ADD COLUMN expires_at timestamptz,
  ADD COLUMN last_used_at timestamptz;
