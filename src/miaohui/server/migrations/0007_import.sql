-- Imported history: how far an import has come, and the past campaigns it brought. Its events lie in the event store.

create table import_run (                                 -- one import of one source
  source text collate "C" primary key,
  started_at timestamptz not null,
  shift_days integer not null,                            -- whole days by which every date was moved
  report jsonb                                            -- null until the import is whole
);
create table import_step (                                -- a step stands here from its beginning
  source text collate "C" not null references import_run,
  step text collate "C" not null,
  rows bigint,                                            -- null until its rows are safe
  begun_at timestamptz not null default now(),
  primary key (source, step)
);

create table past_campaign (                              -- a campaign of the history; its review is read from events
  id text collate "C" primary key,
  source text collate "C" not null references import_run,
  type text not null,                                     -- A, B or C, as the data calls it
  starts_on date not null,                                -- days of `zone`, both inside
  ends_on date not null,
  zone text not null,
  currency text not null,
  shift_days integer not null,
  check (starts_on <= ends_on)
);
