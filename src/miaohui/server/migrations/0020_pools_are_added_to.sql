-- What a batch moves on a pool, a budget, a stock or the world is added to it: others may have moved something meanwhile, and that
-- does not matter as long as there is room. So processes that sell from one pool wait for each other's commit only, and do not have
-- to decide again. What was read shows a batch that is being written, or does not: `host_batch` says which.

create table host_batch (                     -- one row for each host that ever wrote: the last of its batches
  host text collate "C" primary key,
  mark bigint not null,
  at timestamptz not null
) with (fillfactor = 50);
create type host_share as (key text, debits bigint, credits bigint, debits_pending bigint, credits_pending bigint);

drop function host_peek(text[], text[], bytea[], timestamptz, text[]);

-- Read what a batch touches, who its customers are, and the time: all of one moment (a stable function has one snapshot).
create function host_peek(
  sk text[], ak text[], rk bytea[], since timestamptz, customers text[], host text,
  out s_key text[], out s_version bigint[], out s_terms integer[], out s_body bytea[],
  out a_key text[], out a_unit text[], out a_number bigint[], out a_overdraft boolean[], out a_ceiling bigint[],
  out h_id bytea[], out h_keeper text[], out h_debit text[], out h_credit text[], out h_amount bigint[],
  out r_key bytea[], out r_hash bytea[], out r_body bytea[],
  out i_customer text[], out i_kind text[], out i_hash text[],
  out n_customer text[], out n_name text[],
  out m_campaign text[], out m_customer text[], out m_mask bigint[], out m_control boolean[],
  out at_ms bigint, out at_epoch bigint, out at_mark bigint) language plpgsql stable as $$
declare later timestamptz := to_timestamp(now_ms() / 1000.0) + interval '31 days';  -- a clock may have been ahead, not for months
begin
  if cardinality(sk) > 0 then
    select array_agg(key), array_agg(version), array_agg(terms), array_agg(body) into s_key, s_version, s_terms, s_body
      from state where key = any(sk);
    if s_key is not null then
      select array_agg(id), array_agg(keeper), array_agg(debit), array_agg(credit), array_agg(amount)
        into h_id, h_keeper, h_debit, h_credit, h_amount from hold where keeper = any(s_key);
    end if;
  end if;
  select array_agg(key), array_agg(unit),
         array_agg(debits) || array_agg(credits) || array_agg(debits_pending) || array_agg(credits_pending) || array_agg(version),
         array_agg(overdraft), array_agg(ceiling)
    into a_key, a_unit, a_number, a_overdraft, a_ceiling from account where key = any(ak);
  select array_agg(key), array_agg(hash), array_agg(body) into r_key, r_hash, r_body
    from reply where key = any(rk) and at >= since and at < later;
  select * into i_customer, i_kind, i_hash, n_customer, n_name, m_campaign, m_customer, m_mask, m_control
    from host_people(customers);
  at_ms := now_ms();
  select epoch into at_epoch from workspace;
  select b.mark into at_mark from host_batch b where b.host = host_peek.host;
end $$;

drop function host_store(
  bigint, host_state[], host_state[], host_state[], host_account[], host_account[], host_transfer[], host_hold[], bytea[],
  host_reply[], host_timer[], text[], bytea, bigint, text[], text[], text[], text[], text[], text[]);

-- Write a batch. A row that another process changed or created meanwhile raises 40001 or 23505, and the host runs the batch
-- again. New rows are plainly inserted: that is what most of a rush is, and half the price of an upsert. What was read and is not
-- written (`sk`, `ak`) must still be as it was found (`sf`, `af`: "<key> <version>" of those that are there, by key). `spent`: timers
-- that fired and had nothing to do, gone unless they were set anew (`spent_due`: "<name> <due_ms>"). `shared`: what is added, by key;
-- 23514 if there is no room for it, which is a race too unless the batch was decided under locks.
create function host_store(
  at_ms bigint, born host_state[], states host_state[], ended host_state[], opened host_account[], accounts host_account[],
  transfers host_transfer[], holds host_hold[], settled bytea[], replies host_reply[], timers host_timer[], cancelled text[],
  ev bytea, at_epoch bigint, sk text[], sf text[], ak text[], af text[], spent text[], spent_due text[],
  shared host_share[], host text, mark bigint) returns void language plpgsql as $$
declare n bigint; found text[]; more host_share; t timestamptz := to_timestamp(at_ms / 1000.0);
begin
  if at_epoch <> (select epoch from workspace) then raise 'the plays have changed' using errcode = '40001'; end if;
  if cardinality(sk) > 0 then
    select coalesce(array_agg(key || ' ' || version), '{}') into found
      from (select key, version from state where key = any(sk) order by key for share) x;
    if found <> sf then raise 'a state that was read has moved on' using errcode = '40001'; end if;
  end if;
  if cardinality(ak) > 0 then
    select coalesce(array_agg(key || ' ' || version), '{}') into found
      from (select key, version from account where key = any(ak) order by key for share) x;
    if found <> af then raise 'an account that was read has moved on' using errcode = '40001'; end if;
  end if;
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
  if cardinality(spent) > 0 then delete from timer where name = any(spent) and name || ' ' || due_ms = any(spent_due); end if;
  if cardinality(cancelled) > 0 then delete from timer where name = any(cancelled); end if;
  if cardinality(timers) > 0 then
    insert into timer as m (name, due_ms, campaign, play, action, source) select * from unnest(timers)
      on conflict (name) do update set due_ms = excluded.due_ms, campaign = excluded.campaign, play = excluded.play,
      action = excluded.action, source = excluded.source;
  end if;
  if ev is not null then insert into outbox (at, events) values (t, ev); end if;
  insert into host_batch as b values (host, mark, t) on conflict on constraint host_batch_pkey
    do update set mark = excluded.mark, at = excluded.at;
  foreach more in array shared loop  -- last, because others wait for these rows until we commit
    update account as a set debits = a.debits + more.debits, credits = a.credits + more.credits,
        debits_pending = a.debits_pending + more.debits_pending, credits_pending = a.credits_pending + more.credits_pending,
        version = a.version + 1
      where a.key = more.key and a.debits_pending + more.debits_pending >= 0 and a.credits_pending + more.credits_pending >= 0
        and (a.overdraft or a.debits + a.debits_pending + more.debits + more.debits_pending <= a.credits + more.credits)
        and (a.ceiling is null
          or a.credits + a.credits_pending - a.debits + more.credits + more.credits_pending - more.debits <= a.ceiling);
    get diagnostics n = row_count;
    if n <> 1 then raise '% has no room for what was moved', more.key using errcode = '23514'; end if;
  end loop;
end $$;
