-- Events on their way: ids that were seen, how far the relay and the webhooks have come, what could not be delivered.

create table event_seen (                     -- ids of the events that came in from outside; a uuid7 lies in the order of its time,
  id uuid primary key                         -- so that forgetting the oldest is a range of the index (events/seen.py)
);

create table relay (                          -- one row: how far the outbox lies in the event store (events/relay.py)
  one boolean primary key default true check (one),
  batch bigint not null default 0,            -- batches that were chosen so far, the open one included
  xid xid8 not null default '0',              -- everything up to (xid, id) is in the store
  id bigint not null default 0,
  open_xid xid8,                              -- where the open batch ends; null: none is open
  open_id bigint,
  check ((open_xid is null) = (open_id is null))
);
insert into relay default values;

create table webhook (
  id text collate "C" primary key,            -- uuid7
  url text not null,
  secret bytea not null,                      -- encrypted
  names text[] not null default '{}',         -- which events: "order.paid", "party.*"; none: all
  created_at timestamptz not null default now(),
  archived_at timestamptz,
  xid xid8 not null,                          -- everything up to the n-th event of outbox row (xid, id) is settled
  id_in_xid bigint not null,
  n integer not null
);

create table webhook_delivery (               -- what is being delivered (one for a webhook), and what could not be
  id text collate "C" primary key,            -- uuid7: the receiver de-duplicates by it
  webhook text collate "C" not null references webhook,
  state text not null                         -- open: under way; dead: given up; again: a dead one is tried once more;
    check (state in ('open', 'dead', 'again', 'delivered', 'dropped')),  -- the last two: that is how it ended
  body bytea not null,                        -- encrypted; the same bytes at every try
  events integer not null,                    -- how many it carries
  xid xid8 not null,                          -- where the webhook stands once this is settled
  id_in_xid bigint not null,
  n integer not null,
  tries integer not null default 0,
  next_try_at timestamptz not null default now(),
  last_error text not null default '',
  created_at timestamptz not null default now(),
  settled_at timestamptz
);
create unique index webhook_delivery_open on webhook_delivery (webhook) where state = 'open';
create index webhook_delivery_again on webhook_delivery (webhook) where state = 'again';
create index webhook_delivery_dead on webhook_delivery (id) where state = 'dead';
