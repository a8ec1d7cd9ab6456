-- Where each agent stands in the chain of key statements, and why it goes no further; null: its agent follows none.
ALTER TABLE heartbeats ADD COLUMN keys_counter integer, ADD COLUMN keys_fault text;
