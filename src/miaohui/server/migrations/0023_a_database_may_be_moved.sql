-- The outbox is read in the order of its transactions' numbers. A database that is loaded from a dump into another server starts with
-- small numbers again: what is written there would lie before all that was read, and nobody would see it. So the numbers are those of
-- the server plus a shift, which is raised at a start that finds a number from the future (see events/outbox.py).

alter table workspace add column xid_shift bigint not null default 0;

create function shifted(xid xid8) returns xid8 language sql stable as $$
  select (xid::text::bigint + (select xid_shift from workspace))::text::xid8
$$;

alter table outbox alter column xid set default shifted(pg_current_xact_id());

create function keep_the_order() returns bigint language plpgsql as $$
declare
  last xid8;
  missing bigint;
begin
  last := greatest(
    (select xid from outbox order by xid desc limit 1), (select dropped_xid from workspace),
    (select greatest(xid, open_xid) from relay), (select xid from webhook order by xid desc limit 1));
  -- the next number of this server, asked for after that: in its own place everything that was read has a smaller one
  missing := last::text::bigint - shifted(pg_snapshot_xmax(pg_current_snapshot()))::text::bigint + 1;
  if missing <= 0 then return 0; end if;
  update workspace set xid_shift = xid_shift + missing;
  return missing;
end $$;
