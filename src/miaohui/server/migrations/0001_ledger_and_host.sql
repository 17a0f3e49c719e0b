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
  action bytea not null,
  source text not null default 'live'                     -- of whoever set it: what it causes carries the same
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
  primary key (customer, campaign)                        -- customer first: a batch asks for some customers, never for all of one campaign
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

-- What a batch does, in three calls. Each statement inside takes a snapshot of its own, after the locks of the one before.

-- Who the customers are (a shop's new customers are made) and what is known of the orders, without locks.
create function host_acquaint(
  shop_hash text[], shop_value bytea[], new_id text[], customers text[], campaigns text[], order_keys text[],
  out c_hash text[], out c_id text[],
  out i_customer text[], out i_kind text[], out i_hash text[],
  out n_customer text[], out n_name text[],
  out m_campaign text[], out m_customer text[], out m_mask bigint[], out m_control boolean[],
  out o_key text[], out o_body bytea[]) language plpgsql as $$
declare fresh text[]; n integer;
begin
  if cardinality(shop_hash) > 0 then
    select array_agg(hash), array_agg(customer) into c_hash, c_id
      from identity where kind = 'shop' and hash = any(shop_hash) and valid_until is null;
    if coalesce(cardinality(c_hash), 0) < cardinality(shop_hash) then
      with missing as (
        select distinct on (h) h, v, i from unnest(shop_hash, shop_value, new_id) as u(h, v, i)
        where h <> all(coalesce(c_hash, '{}')) order by h, i
      ), made as (insert into customer (id) select i from missing returning id)
      select array_agg(id) into fresh from made;
      insert into identity (kind, hash, value, customer)
        select 'shop', h, v, i from unnest(shop_hash, shop_value, new_id) as u(h, v, i) where i = any(fresh)
        on conflict (kind, hash) where valid_until is null do nothing;
      get diagnostics n = row_count;
      if n < cardinality(fresh) then  -- another process was faster with some of them
        delete from customer where id = any(fresh)
          and id <> all(array(select customer from identity where customer = any(fresh) and valid_until is null));
      end if;
      select array_agg(hash), array_agg(customer) into c_hash, c_id
        from identity where kind = 'shop' and hash = any(shop_hash) and valid_until is null;
    end if;
    customers := customers || c_id;
  end if;
  select array_agg(customer), array_agg(kind), array_agg(hash) into i_customer, i_kind, i_hash
    from identity where customer = any(customers) and kind <> 'shop' and valid_until is null;
  select array_agg(customer), array_agg(name) into n_customer, n_name from consent where customer = any(customers);
  select array_agg(campaign), array_agg(customer), array_agg(mask), array_agg(control)
    into m_campaign, m_customer, m_mask, m_control
    from membership where campaign = any(campaigns) and customer = any(customers);
  if cardinality(order_keys) > 0 then
    select array_agg(key), array_agg(body) into o_key, o_body from state where key = any(order_keys);
  end if;
end $$;

-- Lock and read what a batch touches, with the time. Rows are locked in key order: no two batches wait for each other.
create function host_load(
  sk text[], ak text[], rk bytea[], since timestamptz,
  out s_key text[], out s_version bigint[], out s_terms integer[], out s_body bytea[],
  out a_key text[], out a_unit text[], out a_number bigint[], out a_overdraft boolean[], out a_ceiling bigint[],
  out h_id bytea[], out h_keeper text[], out h_debit text[], out h_credit text[], out h_amount bigint[],
  out r_key bytea[], out r_hash bytea[], out r_body bytea[],
  out at_ms bigint, out at_epoch bigint) language plpgsql as $$
begin
  if cardinality(sk) > 0 then
    select array_agg(key), array_agg(version), array_agg(terms), array_agg(body) into s_key, s_version, s_terms, s_body
      from (select key, version, terms, body from state where key = any(sk) order by key for update) x;
    select array_agg(id), array_agg(keeper), array_agg(debit), array_agg(credit), array_agg(amount)
      into h_id, h_keeper, h_debit, h_credit, h_amount from hold where keeper = any(sk);
  end if;
  perform 1 from account where key = any(ak) order by key for update;
  select array_agg(key), array_agg(unit),
         array_agg(debits) || array_agg(credits) || array_agg(debits_pending) || array_agg(credits_pending) || array_agg(version),
         array_agg(overdraft), array_agg(ceiling)
    into a_key, a_unit, a_number, a_overdraft, a_ceiling from account where key = any(ak);
  select array_agg(key), array_agg(hash), array_agg(body) into r_key, r_hash, r_body
    from reply where key = any(rk) and at >= since;
  at_ms := now_ms();
  select epoch into at_epoch from workspace;
end $$;

-- Write a batch. A row that another process changed or created meanwhile raises 40001, and the host runs the batch again.
create function host_store(
  at_ms bigint,
  sk text[], sv bigint[], sc text[], sp text[], st integer[], su text[], sb bytea[],
  ak text[], an text[], ad bigint[], ac bigint[], adp bigint[], acp bigint[], ao boolean[], al bigint[], av bigint[],
  ti bytea[], td text[], tc text[], ta bigint[], tk smallint[], tp bytea[], tn text[],
  hi bytea[], hk text[], hd text[], hc text[], ha bigint[], settled bytea[],
  rk bytea[], rh bytea[], rc text[], rb bytea[],
  mn text[], md bigint[], mc text[], mp text[], ma bytea[], mo text[], cancelled text[],
  ev bytea) returns void language plpgsql as $$
declare n bigint; gone text[]; t timestamptz := to_timestamp(at_ms / 1000.0);
begin
  if cardinality(sk) > 0 then
    insert into state as s (key, version, campaign, play, terms, customer, body)
      select k, v, c, p, m, nullif(u, ''), b from unnest(sk, sv, sc, sp, st, su, sb) as x(k, v, c, p, m, u, b) where b is not null
      on conflict (key) do update set version = excluded.version, customer = excluded.customer, body = excluded.body
      where s.version = excluded.version - 1;
    get diagnostics n = row_count;
    select array_agg(k) into gone from unnest(sk, sb) as x(k, b) where b is null;
    if gone is not null then
      with d as (delete from state s using unnest(sk, sv, sb) as x(k, v, b)
                 where b is null and s.key = k and s.version = v - 1 returning 1) select n + count(*) into n from d;
    end if;
    if n <> cardinality(sk) then raise 'a state has moved on' using errcode = '40001'; end if;
  end if;
  insert into account as a (key, unit, debits, credits, debits_pending, credits_pending, overdraft, ceiling, version)
    select * from unnest(ak, an, ad, ac, adp, acp, ao, al, av)
    on conflict (key) do update set debits = excluded.debits, credits = excluded.credits, debits_pending = excluded.debits_pending,
      credits_pending = excluded.credits_pending, ceiling = excluded.ceiling, version = excluded.version
    where a.version = excluded.version - 1;
  get diagnostics n = row_count;
  if n <> cardinality(ak) then raise 'an account has moved on' using errcode = '40001'; end if;
  insert into transfer (at, id, debit, credit, amount, kind, pending, action)
    select t, i, d, c, a, k, p, x from unnest(ti, td, tc, ta, tk, tp, tn) as u(i, d, c, a, k, p, x);
  if cardinality(settled) > 0 then
    with d as (delete from hold where id = any(settled) returning 1) select count(*) into n from d;
    if n <> cardinality(settled) then raise 'a hold has been settled' using errcode = '40001'; end if;
  end if;
  if cardinality(hi) > 0 then
    insert into hold (id, keeper, debit, credit, amount, at)
      select i, k, d, c, a, t from unnest(hi, hk, hd, hc, ha) as u(i, k, d, c, a);
  end if;
  insert into reply (key, at, hash, campaign, body) select k, t, h, c, b from unnest(rk, rh, rc, rb) as u(k, h, c, b)
    on conflict do nothing;
  get diagnostics n = row_count;
  if n <> cardinality(rk) then raise 'an answer was given meanwhile' using errcode = '40001'; end if;
  if cardinality(cancelled) > 0 then delete from timer where name = any(cancelled); end if;
  if cardinality(mn) > 0 then
    insert into timer as m (name, due_ms, campaign, play, action, source) select * from unnest(mn, md, mc, mp, ma, mo)
      on conflict (name) do update set due_ms = excluded.due_ms, campaign = excluded.campaign, play = excluded.play,
      action = excluded.action, source = excluded.source;
  end if;
  if ev is not null then insert into outbox (at, events) values (t, ev); end if;
end $$;
