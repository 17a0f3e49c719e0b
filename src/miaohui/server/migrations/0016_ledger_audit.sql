-- Audits of the ledger: who asked for one, when, and what it found. One runs at a time; one that a killed process left is given up.

create table ledger_audit (
  id bigint generated always as identity primary key,
  by text not null,                                       -- an operator, or "command line"
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,                                -- null: it runs, or its process was killed
  checks jsonb,                                           -- [{"name", "looked_at", "findings": [{"what", "there", "should_be"}]}]
  failure text                                            -- why it did not come to an end
);
