-- The event store: one ClickHouse dialect, embedded (chDB) or a cluster. Statements end with a line that holds only ";".
-- The same events lie in two orders: by name and day for analysis, by customer for audiences.

create table if not exists events (
  id UUID,
  name LowCardinality(String),
  at DateTime64(3, 'UTC'),
  received_at DateTime64(3, 'UTC'),
  source Enum8('live' = 1, 'import' = 2, 'simulated' = 3),
  customer UUID,
  campaign LowCardinality(String),
  play LowCardinality(String),
  channel LowCardinality(String),
  session String,
  `order` String,
  currency LowCardinality(String),
  total_minor Int64,
  discount_minor Int64,
  lines Nested(line String, sku LowCardinality(String), quantity Int64, total_minor Int64),
  properties Map(LowCardinality(String), String),
  schema UInt8
) engine = MergeTree partition by toYYYYMM(at) order by (name, toDate(at), customer, at, id)
settings non_replicated_deduplication_window = 10000
;
create table if not exists events_by_customer (
  customer UUID,
  name LowCardinality(String),
  at DateTime64(3, 'UTC'),
  source Enum8('live' = 1, 'import' = 2, 'simulated' = 3),
  campaign LowCardinality(String),
  play LowCardinality(String),
  channel LowCardinality(String),
  total_minor Int64,
  discount_minor Int64,
  skus Array(LowCardinality(String)),
  properties Map(LowCardinality(String), String)
) engine = MergeTree order by (customer, name, at)
settings index_granularity = 256, min_compress_block_size = 4096, max_compress_block_size = 16384, non_replicated_deduplication_window = 10000
;
create materialized view if not exists events_by_customer_fill to events_by_customer as
select customer, name, at, source, campaign, play, channel, total_minor, discount_minor, lines.sku as skus, properties
from events where customer != toUUID('00000000-0000-0000-0000-000000000000')
;
create table if not exists counters_per_minute (
  campaign LowCardinality(String),
  minute DateTime('UTC'),
  name LowCardinality(String),
  play LowCardinality(String),
  source Enum8('live' = 1, 'import' = 2, 'simulated' = 3),
  events SimpleAggregateFunction(sum, UInt64),
  total_minor SimpleAggregateFunction(sum, Int64),
  discount_minor SimpleAggregateFunction(sum, Int64),
  customers AggregateFunction(uniqIf, UUID, UInt8)
) engine = AggregatingMergeTree order by (campaign, minute, name, play, source)
settings non_replicated_deduplication_window = 10000
;
create materialized view if not exists counters_per_minute_fill to counters_per_minute as
select campaign, toStartOfMinute(at, 'UTC') as minute, name, play, source, toUInt64(count()) as events,
       sum(total_minor) as total_minor, sum(discount_minor) as discount_minor,
       uniqIfState(customer, customer != toUUID('00000000-0000-0000-0000-000000000000')) as customers
from events where campaign != '' group by campaign, minute, name, play, source
;
create table if not exists profiles (
  customer UUID,
  traits Map(LowCardinality(String), String),
  tags Array(LowCardinality(String)),
  at DateTime64(3, 'UTC')
) engine = ReplacingMergeTree(at) order by customer
settings non_replicated_deduplication_window = 10000
;
create materialized view if not exists profiles_fill to profiles as
select customer, mapFilter((k, v) -> k != '_tags', properties) as traits,
       if(properties['_tags'] = '', [], splitByChar('|', properties['_tags'])) as tags, at
from events where name = 'customer.profiled'
;
