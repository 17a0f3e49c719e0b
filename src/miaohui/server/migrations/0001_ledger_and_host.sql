-- The ledger and the play host. Transfers, replies and the outbox are partitioned by month (partitions are made by
-- `month_partitions`); transfers and the outbox are append-only by grant (see `grants`, run after every migration).

create table workspace (                      -- one row: what every batch reads
  one boolean primary key default true check (one),
  epoch bigint not null default 1,            -- raised whenever rules, windows or pauses change: hosts read them anew
  clock_offset_ms bigint not null default 0   -- moves the time of this workspace; 0 except in tests and rehearsals of a date
);
insert into workspace default values;

create function now_ms() returns bigint language sql volatile as $$
  select (extract(epoch from clock_timestamp()) * 1000)::bigint + (select clock_offset_ms from workspace)
$$;

create table account (
  key text collate "C" primary key,
  unit text not null,
  debits bigint not null default 0,
  credits bigint not null default 0,
  debits_pending bigint not null default 0 check (debits_pending >= 0),
  credits_pending bigint not null default 0 check (credits_pending >= 0),
  overdraft boolean not null default false,
  ceiling bigint,
  version bigint not null default 1,
  check (overdraft or debits + debits_pending <= credits),
  check (ceiling is null or credits + credits_pending - debits <= ceiling)
) with (fillfactor = 70);

create table transfer (
  seq bigint generated always as identity,
  at timestamptz not null,
  id bytea not null,
  debit text collate "C" not null,
  credit text collate "C" not null,
  amount bigint not null check (amount > 0),
  kind smallint not null check (kind between 0 and 3),   -- posted, pending, post, void
  pending bytea,                                          -- the hold that is made (1) or settled (2, 3)
  action text not null,                                   -- "<campaign>/<play>/<action>", for people who read a statement
  primary key (id, at),
  check (debit <> credit)
) partition by range (at);
create index on transfer (debit, seq);
create index on transfer (credit, seq);

create table hold (
  id bytea primary key,
  keeper text collate "C" not null,                       -- the state key it is loaded with
  debit text collate "C" not null,
  credit text collate "C" not null,
  amount bigint not null check (amount > 0),
  at timestamptz not null
);
create index on hold (keeper);

create table state (
  key text collate "C" primary key,
  version bigint not null,
  campaign text collate "C" not null,
  play text collate "C" not null,
  terms integer not null,                                 -- the version of the rules it was born under
  customer text collate "C",                              -- whose wallet shows it
  ended boolean not null default false,
  body bytea not null
) with (fillfactor = 70);
create index on state (customer, key) where customer is not null;
create index on state (campaign, play, key);

create table reply (
  key bytea not null,
  at timestamptz not null,
  hash bytea not null,
  campaign text collate "C" not null,
  body bytea not null,
  primary key (key, at)
) partition by range (at);

create table outbox (
  xid xid8 not null default pg_current_xact_id(),
  id bigint generated always as identity,
  at timestamptz not null,
  events bytea not null,                                  -- msgpack: array of events, see events/envelope.py
  primary key (xid, id, at)
) partition by range (at);

create table timer (
  name text collate "C" primary key,
  due_ms bigint not null,
  campaign text collate "C" not null,
  play text collate "C" not null,
  action bytea not null
);
create index on timer (due_ms);

create table play_version (                               -- immutable: what a play was told, and when
  campaign text collate "C" not null,
  play text collate "C" not null,
  version integer not null,
  module text not null,
  setup bytea not null,                                   -- msgpack of host.setup.Setup
  at timestamptz not null default now(),
  primary key (campaign, play, version)
);
create table play_running (                               -- which version is current, and whether it may start anything
  campaign text collate "C" not null,
  play text collate "C" not null,
  version integer not null,
  running text not null check (running in ('running', 'paused', 'closed')),
  primary key (campaign, play)
);

create table membership (                                 -- audiences and control group, frozen at launch
  campaign text collate "C" not null,
  customer text collate "C" not null,
  mask bigint not null default 0,                         -- bit n: member of the campaign's n-th audience
  control boolean not null default false,
  primary key (campaign, customer)
);
create table campaign_audience (
  campaign text collate "C" not null,
  bit smallint not null check (bit between 0 and 62),
  name text not null,
  primary key (campaign, bit)
);

create function month_partitions(first date, months integer) returns void language plpgsql as $$
declare parent text; m date; part text;
begin
  for i in 0 .. months - 1 loop
    m := date_trunc('month', first)::date + make_interval(months => i);
    foreach parent in array array['transfer', 'reply', 'outbox'] loop
      part := parent || '_' || to_char(m, 'YYYYMM');
      if to_regclass(part) is null then
        execute format('create table %I partition of %I for values from (%L) to (%L)',
                       part, parent, m::timestamp at time zone 'UTC', (m + interval '1 month')::timestamp at time zone 'UTC');
      end if;
    end loop;
  end loop;
end $$;
