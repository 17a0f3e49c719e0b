-- Customers, the identities they are known by, and what they agreed to. Names, phones and e-mails stand only here, encrypted.

create table customer (
  id text collate "C" primary key,                        -- uuid7
  created_at timestamptz not null default now(),
  label bytea,                                            -- encrypted: how pages call him
  forgotten_at timestamptz
);
create table identity (
  kind text not null,                                     -- shop, phone, email, device, address, wechat_openid ...
  hash text collate "C" not null,                         -- keyed hash of the value
  value bytea,                                            -- encrypted value; null after `miaohui forget`
  customer text collate "C" not null references customer,
  valid_from timestamptz not null default now(),
  valid_until timestamptz,
  primary key (hash, kind, valid_from)                  -- hash first: a look-up of many hashes must never read a whole kind
);
create unique index identity_now on identity (hash, kind) where valid_until is null;
create index on identity (customer);                      -- not partial: read whole, it would look cheap to a planner without figures

create table consent (
  customer text collate "C" not null references customer,
  name text not null,
  given_at timestamptz not null default now(),
  primary key (customer, name)
);
create table consent_change (                             -- append-only: every yes and no, as proof
  seq bigint generated always as identity primary key,
  customer text collate "C" not null references customer,
  name text not null,
  given boolean not null,
  at timestamptz not null default now()
);
create index on consent_change (customer, seq);

create table product (
  sku text collate "C" primary key,
  title_zh text not null,
  title_en text not null,
  category text not null default '',
  brand text not null default '',
  currency text not null,
  list_price_minor bigint,
  cost_minor bigint,
  note text not null default '',                          -- "demo value" and the like
  archived_at timestamptz
);
