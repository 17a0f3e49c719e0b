-- A batch in two calls, each table's rows as one array of a row type; customers are read again with every batch, so that the
-- host may remember them. Indexes that nothing needs, or that cost more the longer the history, are gone.

alter table transfer drop constraint transfer_pkey;       -- ids come from actions, and an action is answered once: `reply` keeps that
drop index state_campaign_play_key_idx;
create index on state (campaign, play);                   -- without the key, rows of one play lie in their order of birth: cheap to add

create type host_state as (key text, version bigint, campaign text, play text, terms integer, customer text, body bytea);
create type host_account as (
  key text, unit text, debits bigint, credits bigint, debits_pending bigint, credits_pending bigint, overdraft boolean,
  ceiling bigint, version bigint);
create type host_transfer as (
  id bytea, debit text, credit text, amount bigint, kind smallint, pending bytea, action text);
create type host_hold as (id bytea, keeper text, debit text, credit text, amount bigint);
create type host_reply as (key bytea, hash bytea, campaign text, body bytea);
create type host_timer as (name text, due_ms bigint, campaign text, play text, action bytea, source text);

drop function host_acquaint(text[], bytea[], text[], text[], text[], text[]);
drop function host_load(text[], text[], bytea[], timestamptz);

-- What the host must know of customers: identities (the shop's too), consents, memberships.
create function host_people(
  customers text[],
  out i_customer text[], out i_kind text[], out i_hash text[],
  out n_customer text[], out n_name text[],
  out m_campaign text[], out m_customer text[], out m_mask bigint[], out m_control boolean[]) language plpgsql as $$
begin
  if cardinality(customers) > 0 then
    select array_agg(customer), array_agg(kind), array_agg(hash) into i_customer, i_kind, i_hash
      from (select * from identity where customer = any(customers) offset 0) x  -- apart: no partial index is read whole for it
      where valid_until is null;
    select array_agg(customer), array_agg(name) into n_customer, n_name from consent where customer = any(customers);
    select array_agg(campaign), array_agg(customer), array_agg(mask), array_agg(control)
      into m_campaign, m_customer, m_mask, m_control from membership where customer = any(customers);
  end if;
end $$;

-- Who the customers are (a shop's new customers are made) and what is known of the orders, without locks.
create function host_acquaint(
  shop_hash text[], shop_value bytea[], new_id text[], customers text[], order_keys text[],
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
  select * into i_customer, i_kind, i_hash, n_customer, n_name, m_campaign, m_customer, m_mask, m_control
    from host_people(customers);
  if cardinality(order_keys) > 0 then
    select array_agg(key), array_agg(body) into o_key, o_body from state where key = any(order_keys);
  end if;
end $$;

-- Lock and read what a batch touches, who its customers are now, and the time. Rows are locked in key order: no two batches
-- wait for each other. What was locked is read as it is after the wait; answers are read after all locks.
create function host_load(
  sk text[], ak text[], rk bytea[], since timestamptz, customers text[],
  out s_key text[], out s_version bigint[], out s_terms integer[], out s_body bytea[],
  out a_key text[], out a_unit text[], out a_number bigint[], out a_overdraft boolean[], out a_ceiling bigint[],
  out h_id bytea[], out h_keeper text[], out h_debit text[], out h_credit text[], out h_amount bigint[],
  out r_key bytea[], out r_hash bytea[], out r_body bytea[],
  out i_customer text[], out i_kind text[], out i_hash text[],
  out n_customer text[], out n_name text[],
  out m_campaign text[], out m_customer text[], out m_mask bigint[], out m_control boolean[],
  out at_ms bigint, out at_epoch bigint) language plpgsql as $$
declare later timestamptz := to_timestamp(now_ms() / 1000.0) + interval '31 days';  -- a clock may have been ahead, not for months
begin
  if cardinality(sk) > 0 then
    select array_agg(key), array_agg(version), array_agg(terms), array_agg(body) into s_key, s_version, s_terms, s_body
      from (select key, version, terms, body from state where key = any(sk) order by key for update) x;
    if s_key is not null then
      select array_agg(id), array_agg(keeper), array_agg(debit), array_agg(credit), array_agg(amount)
        into h_id, h_keeper, h_debit, h_credit, h_amount from hold where keeper = any(s_key);
    end if;
  end if;
  select array_agg(key), array_agg(unit),
         array_agg(debits) || array_agg(credits) || array_agg(debits_pending) || array_agg(credits_pending) || array_agg(version),
         array_agg(overdraft), array_agg(ceiling)
    into a_key, a_unit, a_number, a_overdraft, a_ceiling
    from (select * from account where key = any(ak) order by key for update) x;
  select array_agg(key), array_agg(hash), array_agg(body) into r_key, r_hash, r_body
    from reply where key = any(rk) and at >= since and at < later;
  select * into i_customer, i_kind, i_hash, n_customer, n_name, m_campaign, m_customer, m_mask, m_control
    from host_people(customers);
  at_ms := now_ms();
  select epoch into at_epoch from workspace;
end $$;

drop function host_store(
  bigint, text[], bigint[], text[], text[], integer[], text[], bytea[],
  text[], text[], bigint[], bigint[], bigint[], bigint[], boolean[], bigint[], bigint[],
  bytea[], text[], text[], bigint[], smallint[], bytea[], text[],
  bytea[], text[], text[], text[], bigint[], bytea[],
  bytea[], bytea[], text[], bytea[],
  text[], bigint[], text[], text[], bytea[], text[], text[],
  bytea);

-- Write a batch. A row that another process changed or created meanwhile raises 40001 or 23505, and the host runs the batch
-- again. New rows are plainly inserted: that is what most of a rush is, and half the price of an upsert.
create function host_store(
  at_ms bigint, born host_state[], states host_state[], ended host_state[], opened host_account[], accounts host_account[],
  transfers host_transfer[], holds host_hold[], settled bytea[], replies host_reply[], timers host_timer[], cancelled text[],
  ev bytea) returns void language plpgsql as $$
declare n bigint; t timestamptz := to_timestamp(at_ms / 1000.0);
begin
  insert into state (key, version, campaign, play, terms, customer, body)
    select key, version, campaign, play, terms, customer, body from unnest(born);
  if cardinality(states) > 0 then
    insert into state as s (key, version, campaign, play, terms, customer, body)
      select key, version, campaign, play, terms, customer, body from unnest(states)
      on conflict (key) do update set version = excluded.version, customer = excluded.customer, body = excluded.body
      where s.version = excluded.version - 1;
    get diagnostics n = row_count;
    if n <> cardinality(states) then raise 'a state has moved on' using errcode = '40001'; end if;
  end if;
  if cardinality(ended) > 0 then
    delete from state where key = any(array(select key from unnest(ended)))
      and (key, version) in (select key, version - 1 from unnest(ended));
    get diagnostics n = row_count;
    if n <> cardinality(ended) then raise 'a state has moved on' using errcode = '40001'; end if;
  end if;
  insert into account (key, unit, debits, credits, debits_pending, credits_pending, overdraft, ceiling, version)
    select * from unnest(opened);
  insert into account as a (key, unit, debits, credits, debits_pending, credits_pending, overdraft, ceiling, version)
    select * from unnest(accounts)
    on conflict (key) do update set debits = excluded.debits, credits = excluded.credits, debits_pending = excluded.debits_pending,
      credits_pending = excluded.credits_pending, ceiling = excluded.ceiling, version = excluded.version
    where a.version = excluded.version - 1;
  get diagnostics n = row_count;
  if n <> cardinality(accounts) then raise 'an account has moved on' using errcode = '40001'; end if;
  insert into transfer (at, id, debit, credit, amount, kind, pending, action)
    select t, id, debit, credit, amount, kind, pending, action from unnest(transfers);
  if cardinality(settled) > 0 then
    delete from hold where id = any(settled);
    get diagnostics n = row_count;
    if n <> cardinality(settled) then raise 'a hold has been settled' using errcode = '40001'; end if;
  end if;
  if cardinality(holds) > 0 then
    insert into hold (id, keeper, debit, credit, amount, at) select id, keeper, debit, credit, amount, t from unnest(holds);
  end if;
  insert into reply (key, at, hash, campaign, body) select key, t, hash, campaign, body from unnest(replies);
  if cardinality(cancelled) > 0 then delete from timer where name = any(cancelled); end if;
  if cardinality(timers) > 0 then
    insert into timer as m (name, due_ms, campaign, play, action, source) select * from unnest(timers)
      on conflict (name) do update set due_ms = excluded.due_ms, campaign = excluded.campaign, play = excluded.play,
      action = excluded.action, source = excluded.source;
  end if;
  if ev is not null then insert into outbox (at, events) values (t, ev); end if;
end $$;
