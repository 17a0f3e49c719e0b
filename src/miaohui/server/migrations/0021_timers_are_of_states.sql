-- A timer belongs to a state and ends with it: it is three columns of the state's row, not a row of a table of its own with two
-- indexes. What lives without a timer costs nothing for it; what is born with one costs a sixth less to write.

alter table state
  add column due_ms bigint,                               -- when the timer of this state fires; null: it has none
  add column timer bytea,                                 -- msgpack: the action that it takes
  add column source text;                                 -- of whoever set it: what it causes carries the same
update state s set due_ms = t.due_ms, timer = t.action, source = t.source from timer t where t.name = s.key;
create index on state (due_ms) where due_ms is not null;

drop function host_store(
  bigint, host_state[], host_state[], host_state[], host_account[], host_account[], host_transfer[], host_hold[], bytea[],
  host_reply[], host_timer[], text[], bytea, bigint, text[], text[], text[], text[], text[], text[], host_share[], text, bigint);
drop type host_state, host_timer;
drop table timer;                                         -- one without a state would have had nothing to do
create type host_state as (                               -- what differs from row to row first: so the rest is packed once
  key text, customer text, body bytea, due_ms bigint, timer bytea,
  version bigint, campaign text, play text, terms integer, timed boolean, source text);
create type host_timer as (key text, due_ms bigint, timer bytea, source text);

-- Write a batch. A row that another process changed or created meanwhile raises 40001 or 23505, and the host runs the batch
-- again. New rows are inserted, others updated: what somebody else has ended stays so. What was read and is not written (`sk`, `ak`)
-- must still be as it was found (`sf`, `af`: "<key> <version>" of those that are there, by key). A state keeps its timer unless it is
-- `timed`; `timers` are set or cancelled where the state is not written. `spent`: timers that fired and had nothing to do, gone unless
-- they were set anew (`spent_due`: "<key> <due_ms>"). `shared`: what is added, by key; 23514 if there is no room for it, which is a
-- race too unless the batch was decided under locks.
create function host_store(
  at_ms bigint, born host_state[], states host_state[], ended host_state[], opened host_account[], accounts host_account[],
  transfers host_transfer[], holds host_hold[], settled bytea[], replies host_reply[], timers host_timer[],
  ev bytea, at_epoch bigint, sk text[], sf text[], ak text[], af text[], spent text[], spent_due text[],
  shared host_share[], host text, mark bigint) returns void language plpgsql as $$
declare n bigint; found text[]; more host_share; one host_timer; t timestamptz := to_timestamp(at_ms / 1000.0);
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
  if cardinality(spent) > 0 then
    update state set due_ms = null, timer = null, source = null where key = any(spent) and key || ' ' || due_ms = any(spent_due);
  end if;
  foreach one in array timers loop
    update state set due_ms = one.due_ms, timer = one.timer, source = one.source where key = one.key;
  end loop;
  insert into state (key, version, campaign, play, terms, customer, body, due_ms, timer, source)
    select key, version, campaign, play, terms, customer, body, due_ms, timer, source from unnest(born);
  if cardinality(states) > 0 then
    update state s set version = u.version, customer = u.customer, body = u.body,
        due_ms = case when u.timed then u.due_ms else s.due_ms end, timer = case when u.timed then u.timer else s.timer end,
        source = case when u.timed then u.source else s.source end
      from unnest(states) u where s.key = any(array(select key from unnest(states))) and s.key = u.key and s.version = u.version - 1;
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
  if cardinality(accounts) > 0 then
    update account a set debits = u.debits, credits = u.credits, debits_pending = u.debits_pending,
        credits_pending = u.credits_pending, ceiling = u.ceiling, version = u.version
      from unnest(accounts) u where a.key = any(array(select key from unnest(accounts))) and a.key = u.key and a.version = u.version - 1;
    get diagnostics n = row_count;
    if n <> cardinality(accounts) then raise 'an account has moved on' using errcode = '40001'; end if;
  end if;
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
