-- Events in the order in which they were committed, chained by hashes for each organization. Only these functions, which run as the owner,
-- write here: whoever steals the hub's password can add events, and can neither keep one from being sealed nor seal another.
CREATE TABLE audit_unsealed (
  event_id bigint PRIMARY KEY REFERENCES audit_events
);

CREATE TABLE audit_seals (
  organization_id uuid NOT NULL,
  sequence bigint NOT NULL,
  event_id bigint NOT NULL UNIQUE REFERENCES audit_events,
  previous text NOT NULL,
  hash text NOT NULL,
  -- Over all organizations: seals become visible in this order, because they are made one transaction at a time.
  position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  PRIMARY KEY (organization_id, sequence)
);

CREATE TABLE audit_heads (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id uuid NOT NULL,
  sequence bigint NOT NULL,
  head text NOT NULL,
  UNIQUE (organization_id, sequence)
);

-- How far the webhook has come; one row.
CREATE TABLE audit_stream (
  id boolean PRIMARY KEY DEFAULT true CHECK (id),
  position bigint NOT NULL DEFAULT 0,
  head_id bigint NOT NULL DEFAULT 0
);
INSERT INTO audit_stream DEFAULT VALUES;

CREATE FUNCTION mark_audit_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO audit_unsealed (event_id) VALUES (NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER mark_audit_event AFTER INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION mark_audit_event();
INSERT INTO audit_unsealed (event_id) SELECT id FROM audit_events;

-- Seals what has been committed, oldest first, and tells how many. `libs/audit` computes the same hashes.
CREATE FUNCTION seal_audit_events(most integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  ids bigint[];
  event record;
  last record;
  next_sequence bigint;
  last_hash text;
BEGIN
  PERFORM pg_advisory_xact_lock(7051995);
  ids := ARRAY (SELECT event_id FROM audit_unsealed ORDER BY event_id LIMIT most);
  FOR event IN SELECT e.id, e.organization_id, e.body FROM audit_events e WHERE e.id = ANY (ids) ORDER BY e.id LOOP
    SELECT s.sequence, s.hash INTO last FROM audit_seals s WHERE s.organization_id = event.organization_id ORDER BY s.sequence DESC LIMIT 1;
    next_sequence := coalesce(last.sequence, 0) + 1;
    last_hash := coalesce(last.hash, encode(sha256(convert_to(E'picket.audit.v1\n' || event.organization_id, 'UTF8')), 'hex'));
    INSERT INTO audit_seals (organization_id, sequence, event_id, previous, hash) VALUES (
      event.organization_id, next_sequence, event.id, last_hash,
      encode(sha256(convert_to('{"event":' || event.body || ',"previous":"' || last_hash || '","sequence":' || next_sequence || '}', 'UTF8')), 'hex')
    );
  END LOOP;
  DELETE FROM audit_unsealed WHERE event_id = ANY (ids);
  RETURN coalesce(array_length(ids, 1), 0);
END $$;
