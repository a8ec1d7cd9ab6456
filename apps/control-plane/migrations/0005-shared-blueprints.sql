-- Projects whose assignments may bind a blueprint of another.
CREATE TABLE blueprint_shares (
  blueprint_id uuid NOT NULL REFERENCES blueprints ON DELETE CASCADE,
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (blueprint_id, project_id)
);
CREATE INDEX blueprint_shares_project ON blueprint_shares (project_id);
