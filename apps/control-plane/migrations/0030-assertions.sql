-- Assertions that were traded for an access token, as long as they could be traded again: SHA-256 of their id → until when (s).
ALTER TABLE agent_identities ADD COLUMN used_assertions jsonb NOT NULL DEFAULT '{}';
ALTER TABLE agent_identities SET (fillfactor = 70);
