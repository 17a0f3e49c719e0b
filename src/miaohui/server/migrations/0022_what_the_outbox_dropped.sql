-- How far the months go that the outbox has dropped: a reader of GET /events whose cursor lies before that has missed events, and is
-- told so (see events/feed.py). Everything up to the n-th event of row (xid, id) is gone.

alter table workspace
  add column dropped_xid xid8 not null default '0',
  add column dropped_id  bigint not null default 0,
  add column dropped_n   integer not null default 0;
