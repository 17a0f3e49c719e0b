-- The counter: the small shop that stands in for a real one in the demo and in tests. Its orders are its own affair; Miaohui
-- learns of them through the API, as from any shop.

create table counter_setting (                            -- the counter's key to the API and the secret of its webhook
  name text primary key check (name in ('api_key', 'webhook', 'webhook_url', 'webhook_secret')),
  value bytea not null                                    -- encrypted
);
create table counter_order (
  id text collate "C" primary key,
  shopper text not null,                                  -- the shop's own customer id
  placed_at timestamptz not null default now(),
  currency text not null,
  status text not null check (status in ('placed', 'paid', 'partly_refunded', 'refunded', 'cancelled', 'expired')),
  lines jsonb not null,                                   -- counter/orders.py, Item
  claims jsonb not null,                                  -- counter/miaohui.py, Offer
  list_minor bigint not null,
  discount_minor bigint not null,
  expires_ms bigint not null default 0,                   -- until when Miaohui keeps what was claimed; 0: nothing is kept
  note text not null default ''                           -- why the money must go back, as a code
);
create index on counter_order (shopper, placed_at desc);
create table counter_refund (                             -- money that went back; saying it twice adds nothing
  once text primary key,
  order_id text collate "C" not null references counter_order,
  minor bigint not null
);
create index on counter_refund (order_id);
