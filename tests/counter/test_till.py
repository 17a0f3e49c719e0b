"""The till against a Miaohui that answers from a list: what is asked, what is written down, what is said twice."""

from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from miaohui.counter import orders
from miaohui.counter.miaohui import Miaohui, Offer, Refused, Unreachable
from miaohui.counter.orders import Item
from miaohui.counter.till import Till
from miaohui.counter.webhook import decode, hear
from miaohui.text import Text

RICE = Item("1", "820165", Text("大米 5kg", "Rice 5 kg"), "grocery", 2, 1299)
TEA = Item("2", "557001", Text("茶", "Tea"), "drink", 1, 450)
COUPON = Offer("fair", "welcome", coupon="c0ffee")


def answer(status: str, *, discount: int = 0, **more: Any) -> dict[str, Any]:
    """What Miaohui says of RICE and TEA, with `discount` on the rice."""
    lines = [
        {"line": "1", "list_minor": 2598, "discount_minor": discount, "due_minor": 2598 - discount},
        {"line": "2", "list_minor": 450, "discount_minor": 0, "due_minor": 450},
    ]
    return {"status": status, "lines": lines, "total_minor": 3048 - discount, "discount_minor": discount, **more}


class Line:
    """The other end of the line: answers in turn, remembers what it was asked."""

    def __init__(self, *answers: tuple[int, Any] | Exception) -> None:
        self.answers, self.asked = list(answers), []  # type: list[Any], list[tuple[str, str, Any]]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.url.path, request.headers["Idempotency-Key"], msgspec.json.decode(request.content)))
        assert request.headers["Authorization"] == "Bearer mh_key"
        given = self.answers.pop(0)
        if isinstance(given, Exception):
            raise given
        return httpx.Response(given[0], json=given[1])


def till(database: asyncpg.Pool, line: Line) -> Till:
    return Till(
        database, Miaohui(httpx.AsyncClient(transport=httpx.MockTransport(line), base_url="http://m"), "mh_key")
    )


async def placed(database: asyncpg.Pool, line: Line) -> Till:
    """A till with the order K1 of household 1228, 5.00 off."""
    line.answers.insert(0, (200, answer("placed", discount=500, expires_ms=9_000_000_000_000)))
    the_till = till(database, line)
    await the_till.place("K1", "1228", "USD", [RICE, TEA], [COUPON], "en")
    return the_till


async def order(database: asyncpg.Pool, id: str = "K1") -> orders.Order:
    found = await orders.one(database, id)
    assert found is not None
    return found


async def test_a_placed_order_is_kept_with_what_the_offer_gave(database: asyncpg.Pool) -> None:
    line = Line()
    await placed(database, line)
    assert line.asked == [
        (
            "/api/v1/orders/K1/placed",
            "K1-placed",
            {
                "customer": "1228",
                "currency": "USD",
                "lines": [
                    {"line": "1", "sku": "820165", "quantity": 2, "unit_price_minor": 1299},
                    {"line": "2", "sku": "557001", "quantity": 1, "unit_price_minor": 450},
                ],
                "claims": [{"campaign": "fair", "play": "welcome", "coupon": "c0ffee"}],
            },
        )
    ]
    kept = await order(database)
    assert (kept.status, kept.list_minor, kept.discount_minor, kept.total_minor) == ("placed", 3048, 500, 2548)
    assert [item.discount_minor for item in kept.items] == [500, 0]
    assert kept.offers == [COUPON]
    assert kept.expires_ms == 9_000_000_000_000


async def test_a_refusal_orders_nothing_and_says_why(database: asyncpg.Pool) -> None:
    said = {
        "code": "party_full",
        "sentence": "This group is full: 3 people are in it",
        "data": {"size": 3},
        "retry": False,
    }
    the_till = till(database, Line((409, said)))
    with pytest.raises(Refused) as no:
        await the_till.place("K1", "1228", "USD", [RICE, TEA], [COUPON], "en")
    assert (no.value.code, no.value.sentence) == ("party_full", "This group is full: 3 people are in it")
    assert await orders.one(database, "K1") is None


async def test_a_lost_answer_is_asked_for_with_the_same_key(database: asyncpg.Pool) -> None:
    line = Line(httpx.ReadTimeout("gone"), (503, {"code": "busy", "sentence": "Busy"}), (200, answer("placed")))
    await till(database, line).place("K1", "1228", "USD", [RICE, TEA], [], "en")
    assert [key for _, key, _ in line.asked] == ["K1-placed"] * 3
    kept = await order(database)
    assert (kept.status, kept.expires_ms) == ("placed", 0)


async def test_no_answer_at_all_is_said_and_orders_nothing(database: asyncpg.Pool) -> None:
    the_till = till(database, Line(*[httpx.ConnectError("down")] * 3))
    with pytest.raises(Unreachable):
        await the_till.place("K1", "1228", "USD", [RICE, TEA], [], "en")
    assert await orders.one(database, "K1") is None


async def test_pay_then_refund_gives_all_of_it_back_once(database: asyncpg.Pool) -> None:
    line = Line((200, answer("paid")), *[(200, answer("refunded", refunded_minor=2548))] * 2)
    the_till = await placed(database, line)
    await the_till.pay("K1", "en")
    assert (await order(database)).status == "paid"
    await the_till.refund("K1", "K1-refund", "en")
    await the_till.refund("K1", "K1-refund", "en")
    kept = await order(database)
    assert (kept.status, kept.refunded_minor) == ("refunded", 2548)
    assert line.asked[-1] == ("/api/v1/orders/K1/refunded", "K1-refund", {"lines": []})


async def test_cancel_frees_what_was_kept(database: asyncpg.Pool) -> None:
    the_till = await placed(database, Line((200, answer("cancelled"))))
    await the_till.cancel("K1", "en")
    assert (await order(database)).status == "cancelled"


async def test_an_order_whose_time_ran_out_shows_as_expired(database: asyncpg.Pool) -> None:
    line = Line((200, answer("placed", discount=500, expires_ms=1)))
    await till(database, line).place("K1", "1228", "USD", [RICE, TEA], [COUPON], "en")
    assert (await order(database)).status == "expired"


def told(name: str, *, order: str = "K1", id: str = "e1", **properties: str) -> bytes:
    event = {"id": id, "name": name, "order": order, "at": "2026-11-11T12:00:00.000Z", "properties": properties}
    return msgspec.json.encode({"delivery": "d1", "events": [event]})


async def test_a_request_for_a_refund_is_done_once_however_often_it_is_told(database: asyncpg.Pool) -> None:
    line = Line((200, answer("paid")), *[(200, answer("refunded", refunded_minor=2548))] * 2)
    the_till = await placed(database, line)
    await the_till.pay("K1", "en")
    for _ in range(2):
        await hear(the_till, decode(told("refund.requested", lines="1,2", reason="party_failed")))
    kept = await order(database)
    assert (kept.status, kept.refunded_minor) == ("refunded", 2548)
    assert line.asked[2:] == [("/api/v1/orders/K1/refunded", "e1", {"lines": []})] * 2


async def test_a_request_for_one_line_refunds_that_line(database: asyncpg.Pool) -> None:
    line = Line((200, answer("paid")), (200, answer("partly_refunded", refunded_minor=450)))
    the_till = await placed(database, line)
    await the_till.pay("K1", "en")
    await hear(the_till, decode(told("refund.requested", lines="2", reason="party_failed")))
    assert line.asked[-1] == ("/api/v1/orders/K1/refunded", "e1", {"lines": [{"line": "2", "quantity": 1}]})
    kept = await order(database)
    assert (kept.status, kept.refunded_minor) == ("partly_refunded", 450)


async def test_paid_too_late_the_money_goes_back_in_full(database: asyncpg.Pool) -> None:
    line = Line((200, answer("expired", refund="expired")), (200, answer("refunded")))
    the_till = await placed(database, line)
    assert (await the_till.pay("K1", "en")).refund == "expired"
    await hear(the_till, decode(told("refund.requested", lines="1,2", reason="expired")))
    kept = await order(database)
    assert (kept.status, kept.refunded_minor, kept.note) == ("refunded", 2548, "expired")


async def test_events_of_other_shops_orders_are_heard_and_left_alone(database: asyncpg.Pool) -> None:
    line = Line()
    await hear(till(database, line), decode(told("refund.requested", order="X9", lines="1", reason="party_failed")))
    assert line.asked == []


async def test_an_expiry_that_was_told_is_shown(database: asyncpg.Pool) -> None:
    the_till = await placed(database, Line())
    await hear(the_till, decode(told("order.cancelled", reason="expired")))
    assert (await order(database)).status == "expired"
