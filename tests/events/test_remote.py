"""The event store of another process: values arrive as they left, errors with their words, nothing but queries goes through."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from miaohui.events import remote
from miaohui.events.remote import EventsAway, RemoteStore, answer, pack, signature, signed, unpack

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 7, -(2**63), 2**64 - 1, 0.5, "茶", b"\0\xff"),
        datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
        datetime(2026, 11, 1, 1, 30, fold=1, tzinfo=NEW_YORK),
        datetime(2026, 11, 1, 1, 30, 0, 123000),  # noqa: DTZ001
        datetime(2026, 11, 1, tzinfo=timezone(timedelta(hours=8))),
        *(date(2017, 12, 31), UUID(int=7), Decimal("1.50")),
        {"a": [1, {"b": date(2020, 2, 29)}], "c": []},
    ],
)
def test_a_value_arrives_as_it_left(value) -> None:
    back = unpack(pack(value))
    assert back == value
    assert type(back) is type(value)
    if isinstance(value, datetime):
        assert back.utcoffset() == value.utcoffset()


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(TypeError, match="set cannot go to another process"):
        pack({"a": {1}})


async def test_a_query_gives_what_the_store_gives(store) -> None:
    sql = "select toDate32('2020-02-29') as d, now64(3, 'UTC') as t, [1, 2] as l, {n:UInt64} as n, tuple('a', 1) as p"
    [[row], (status, body)] = (
        await store.query(sql, {"n": 5}),
        await answer(store, pack({"sql": sql, "parameters": {"n": 5}})),
    )
    columns, rows = unpack(body)
    assert (status, columns) == (200, ["d", "t", "l", "n", "p"])
    assert [type(value) for value in rows[0]] == [date, datetime, list, int, list]
    assert (rows[0][0], rows[0][2:4]) == (row["d"], [row["l"], 5])
    assert await answer(store, pack({"sql": "select 1 where 0", "parameters": None})) == (200, pack([[], []]))


async def test_an_error_of_the_store_comes_with_its_words(store) -> None:
    status, body = await answer(store, pack({"sql": "select nothing", "parameters": None}))
    assert status == 400
    assert "Unknown expression identifier `nothing`" in unpack(body)["error"]


async def test_only_queries_go_and_nobody_owns_it_is_said(database, vault) -> None:
    store = RemoteStore(database, vault)
    with pytest.raises(EventsAway, match="No process owns the event store: start `miaohui worker`"):
        await store.query("select 1")
    with pytest.raises(AssertionError, match="events is written by the owner"):
        await store.insert("events", ["id"], [["x"]], "token")
    with pytest.raises(AssertionError, match="only the owner of the event store may run 'drop table events'"):
        await store.command("drop table events")
    await database.execute("update workspace set owner_url = 'http://127.0.0.1:9'")
    store._known_until_s = 0.0
    with pytest.raises(EventsAway, match=r"\(http://127.0.0.1:9\) does not answer"):
        await store.query("select 1")
    await store.close()


def test_a_signature_is_of_the_body_and_the_secret(vault) -> None:
    given = signature(vault, b"one")
    assert signed(vault, b"one", given)
    assert not signed(vault, b"two", given)
    assert not signed(vault, b"one", "")
    assert remote.PATH == "/inside/events"
