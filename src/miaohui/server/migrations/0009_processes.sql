-- Several processes of one workspace: how they find the owner of the event store, and what shows that they share one secret.
alter table workspace
  add column owner_url text not null default '',  -- where the owner of the event store answers the others; '': nobody owns it
  add column secret_mark text;                    -- keyed hash: a process with another secret must not start
