"""Makes whole what an insert left behind that nobody saw the end of (the process was killed, the connection was lost), or that
was taken back because it was not on the disk (see `parts`).

Sending the rows again with the same token is not enough. The store notes the token of a block *before* it puts the block in
its place, so that a kill between the two leaves a block that is remembered and not there; sent again, it is taken for a
repetition. (So ClickHouse's MergeTreeSink; a kill test lost a batch.) So after such an insert the rows are compared
with what lies in the tables, and only what is missing is added, to each table by itself:

    events              rows whose id is missing, attached as parts, which sets off no view
    events_by_customer  rows of which there are fewer than in `events`
    counters_per_minute what `events` counts more in these minutes (a customer counted again changes nothing)
    profiles            all of them: the newest wins anyway

It can itself be killed at any point and begun again. Nobody else may be writing events of the same campaigns and minutes.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from miaohui.events.store import SCHEMA, statements

_ONCE = "settings insert_deduplicate = 0"
_SAME_DAYS = "name in (select name from events_again) and toDate(at) in (select toDate(at) from events_again)"
_SAME_MINUTES = (
    """(campaign, toStartOfMinute(at, 'UTC')) in (select campaign, toStartOfMinute(at, 'UTC') from events_again)"""
)
_SAME_MOMENTS = "(customer, name, at) in (select customer, name, at from events_again)"

_MISSING_EVENTS = f"""
insert into events_missing select * from events_again
where id not in (select id from events where {_SAME_DAYS} and id in (select id from events_again)) {_ONCE}
"""
_BY_CUSTOMER = f"""
insert into events_by_customer select * from ({{view}})
where (customer, name, at) in (
  select customer, name, at from (select customer, name, at, count() as n from events
                                  where {_SAME_DAYS} and {_SAME_MOMENTS} group by all) as there
  left join (select customer, name, at, count() as n from events_by_customer where {_SAME_MOMENTS} group by all) as here
  using (customer, name, at) where there.n > here.n) {_ONCE}
"""
_COUNTERS = f"""
insert into counters_per_minute
select there.campaign, there.minute, there.name, there.play, there.source, there.events - here.events,
       there.total_minor - here.total_minor, there.discount_minor - here.discount_minor, there.customers
from ({{view}}) as there
left join (select campaign, minute, name, play, source, sum(events) as events, sum(total_minor) as total_minor,
                  sum(discount_minor) as discount_minor
           from counters_per_minute
           where (campaign, minute) in (select campaign, toStartOfMinute(at, 'UTC') from events_again)
           group by all) as here using (campaign, minute, name, play, source)
where there.events > here.events {_ONCE}
"""


class Store(Protocol):
    """The part of the event store that is needed."""

    async def query(self, sql: str) -> list[dict[str, Any]]: ...
    async def command(self, sql: str) -> None: ...
    async def check(self) -> None: ...
    async def insert_block(self, table: str, columns: Sequence[str], block: bytes, token: str) -> None: ...


async def again(store: Store, insert: Callable[[str], Awaitable[None]]) -> None:
    """Repeat an insert that was cut off: `insert` puts the same rows with the same token into the table it is told."""
    await insert("events")
    for table in ("events_again", "events_missing"):
        await store.command(f"drop table if exists {table}")
        await store.command(f"create table {table} as events")
    await insert("events_again")
    await store.command(_MISSING_EVENTS)
    for month in await store.query("select distinct toYYYYMM(at) as month from events_missing"):
        await store.command(f"alter table events attach partition {month['month']} from events_missing")
    repeated, minutes = "events_again", f"(select * from events where {_SAME_DAYS} and {_SAME_MINUTES})"
    await store.command(_BY_CUSTOMER.format(view=_view("events_by_customer", repeated)))
    await store.command(_COUNTERS.format(view=_view("counters_per_minute", minutes)))
    await store.command(f"insert into profiles {_view('profiles', repeated)} {_ONCE}")
    for table in ("events_again", "events_missing"):
        await store.command(f"drop table {table}")


def _view(table: str, source: str) -> str:
    """The select that fills `table`, reading `source` in the place of `events`."""
    [statement] = [sql for sql in statements(SCHEMA.read_text()) if f" to {table} as\n" in sql]
    head, found, tail = statement.partition(" as\n")[2].rpartition("\nfrom events ")
    assert found, f"the view of {table} does not read events"
    return f"{head}\nfrom {source} {tail}"
