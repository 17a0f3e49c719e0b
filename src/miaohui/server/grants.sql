-- What the application may do, laid down again after every migration. Run with two settings: miaohui.role (the role) and
-- miaohui.append_only (tables it may only read and add to). Partitions get nothing: they are reached through their parent.

do $$
declare
  app name := current_setting('miaohui.role');
  append_only text[] := string_to_array(current_setting('miaohui.append_only'), ',');
  here name := current_schema();
  t record;
begin
  execute format('grant usage on schema %I to %I', here, app);
  execute format('grant usage on all sequences in schema %I to %I', here, app);
  execute format('grant execute on all functions in schema %I to %I', here, app);
  for t in select c.relname from pg_class c
           where c.relnamespace = here::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition loop
    execute format('revoke all on %I from %I', t.relname, app);
    execute format('grant select on %I to %I', t.relname, app);
    if t.relname <> 'migration' then
      execute format('grant insert on %I to %I', t.relname, app);
      if t.relname <> all (append_only) then
        execute format('grant update, delete on %I to %I', t.relname, app);
      end if;
    end if;
  end loop;
end $$;
