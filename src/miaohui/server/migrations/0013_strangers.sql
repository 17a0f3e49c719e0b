-- Strangers are looked up first; only who is really new is made, so that nobody's id is encrypted to be thrown away.

drop function host_acquaint(text[], bytea[], text[], text[], text[]);

-- Who the customers are and what is known of the orders, without locks.
create function host_acquaint(
  shop_hash text[], customers text[], order_keys text[],
  out c_hash text[], out c_id text[],
  out i_customer text[], out i_kind text[], out i_hash text[],
  out n_customer text[], out n_name text[],
  out m_campaign text[], out m_customer text[], out m_mask bigint[], out m_control boolean[],
  out o_key text[], out o_body bytea[]) language plpgsql as $$
begin
  if cardinality(shop_hash) > 0 then
    select array_agg(hash), array_agg(customer) into c_hash, c_id
      from identity where kind = 'shop' and hash = any(shop_hash) and valid_until is null;
    customers := customers || c_id;
  end if;
  select * into i_customer, i_kind, i_hash, n_customer, n_name, m_campaign, m_customer, m_mask, m_control
    from host_people(customers);
  if cardinality(order_keys) > 0 then
    select array_agg(key), array_agg(body) into o_key, o_body from state where key = any(order_keys);
  end if;
end $$;

-- Make the shop's new customers. Another process may be faster with some of them: then they are his, and nothing is left of ours.
create function host_welcome(shop_hash text[], shop_value bytea[], new_id text[], out c_hash text[], out c_id text[])
language plpgsql as $$
declare n bigint;
begin
  insert into customer (id) select unnest(new_id);
  insert into identity (kind, hash, value, customer) select 'shop', h, v, i from unnest(shop_hash, shop_value, new_id) as u(h, v, i) order by h  -- one order: no deadlock
    on conflict (kind, hash) where valid_until is null do nothing;
  get diagnostics n = row_count;
  select array_agg(hash), array_agg(customer) into c_hash, c_id
    from identity where kind = 'shop' and hash = any(shop_hash) and valid_until is null;
  if n < cardinality(new_id) then
    delete from customer where id = any(new_id) and id <> all(c_id);
  end if;
end $$;
