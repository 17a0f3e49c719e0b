-- The tables of transaction_each.py; filled by `miaohui bench` with the same customers as Miaohui's.
create table customer (id text primary key, shop_id text not null unique);
create table play (id text primary key, opens_ms bigint not null, ends_ms bigint not null);
create table account (key text primary key, balance bigint not null check (balance >= 0));
create table coupon (
  id text primary key, customer text not null references customer, nth integer not null, amount bigint not null,
  until_ms bigint not null, unique (customer, nth));
create table transfer (
  seq bigint generated always as identity primary key, id text not null, debit text not null, credit text not null,
  amount bigint not null check (amount > 0));
create table reply (key bytea primary key, hash bytea not null, body bytea not null);
create table outbox (id bigint generated always as identity primary key, event bytea not null);
insert into play values ('coupon', 0, 1::bigint << 50);
insert into account values ('coupons', 1000000000), ('budget', 1000000000000);
