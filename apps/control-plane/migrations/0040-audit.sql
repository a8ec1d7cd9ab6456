-- The audit log. One text per event; every column is made from it by the database, so that what is filtered by is what was said.
CREATE TABLE audit_events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  body text NOT NULL CHECK (octet_length(body) <= 1048576),
  organization_id uuid NOT NULL GENERATED ALWAYS AS ((body::jsonb ->> 'organizationId')::uuid) STORED,
  project_id uuid GENERATED ALWAYS AS ((body::jsonb ->> 'projectId')::uuid) STORED,
  at text COLLATE "C" NOT NULL GENERATED ALWAYS AS (body::jsonb ->> 'at') STORED,
  actor_id text NOT NULL GENERATED ALWAYS AS (body::jsonb #>> '{actor,id}') STORED,
  operation text NOT NULL GENERATED ALWAYS AS (body::jsonb ->> 'operation') STORED,
  outcome text NOT NULL GENERATED ALWAYS AS (body::jsonb ->> 'outcome') STORED,
  thing text GENERATED ALWAYS AS (body::jsonb ->> 'thing') STORED,
  thing_id text GENERATED ALWAYS AS (body::jsonb ->> 'thingId') STORED
);
CREATE INDEX audit_events_organization ON audit_events (organization_id, id);
CREATE INDEX audit_events_project ON audit_events (project_id, id) WHERE project_id IS NOT NULL;
CREATE INDEX audit_events_thing ON audit_events (thing_id, id) WHERE thing_id IS NOT NULL;
CREATE INDEX audit_events_actor ON audit_events (organization_id, actor_id, id);

-- Uses of this hour and the last, of all replicas; when an hour is over its sums become events.
CREATE TABLE token_uses (
  organization_id uuid NOT NULL,
  actor_kind text NOT NULL,
  actor_id text NOT NULL,
  hour timestamptz NOT NULL,
  actor_name text NOT NULL,
  count bigint NOT NULL,
  addresses text[] NOT NULL,
  PRIMARY KEY (organization_id, actor_kind, actor_id, hour)
);
