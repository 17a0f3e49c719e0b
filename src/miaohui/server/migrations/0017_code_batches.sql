-- Batches of codes that work once. The codes themselves stand nowhere: see campaign/code_batches.py.

create table code_batch (
  id       text primary key,                            -- uuid7
  campaign text not null,
  play     text not null,
  prefix   text not null,
  length   integer not null check (length between 8 and 20),
  count    integer not null check (count between 1 and 100000),
  made_at  timestamptz not null default clock_timestamp(),
  made_by  text not null,
  ready    boolean not null default false               -- every code has its use in the ledger
);
create index code_batch_by_promotion on code_batch (campaign, play, id);
