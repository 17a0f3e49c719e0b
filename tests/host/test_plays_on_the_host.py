"""The three plays on the host, in memory: what customers and the shop see, and what the ledger holds afterwards."""

import pytest

from miaohui.host.storage import Person
from miaohui.host.timers import submission
from tests.host.stage import CAMPAIGN, DAY, HOUR, MINUTE, T, memory_fair, setup

pytestmark = pytest.mark.asyncio
COUPON, FLASH, GROUP = (f"play/{CAMPAIGN}/{name}" for name in ("coupon", "flash_sale", "group_buy"))


async def fair(*setups, now=None, people=None, **opening):
    now = now or [T]
    made = memory_fair(setups or [setup("coupon"), setup("flash_sale"), setup("group_buy")], now, people)
    made.now = now
    return await made.open(**opening)


def balance(f, key):
    """(posted net, on hold out, on hold in) of an account."""
    a = f.host.storage.accounts[key]
    return a.credits - a.debits, a.debits_pending, a.credits_pending


def snapshot(f):
    s = f.host.storage
    return len(s.transfers), len(s.events), {k: balance(f, k) for k in s.accounts}, dict(s.states)


async def refused(f, submission, code):
    """The submission is refused with `code`, and nothing else has happened."""
    before = snapshot(f)
    assert await f.do(submission) == code
    assert snapshot(f) == before


async def test_a_coupon_from_claim_to_refund():
    f = await fair()
    coupon = await f.do(f.act("coupon", "claim", "ann", "k"))
    assert (coupon["amount_minor"], coupon["threshold_minor"], coupon["valid_until_ms"]) == (500, 0, T + 7 * DAY)
    assert await f.do(f.act("coupon", "claim", "ann", "k")) == coupon  # the same key: the same answer
    await refused(f, f.act("coupon", "claim", "ann"), "limit_reached")
    assert balance(f, f"{COUPON}/promised") == (500, 0, 0)
    claim = ("coupon", {"coupon": coupon["coupon"]})
    await refused(f, f.placed("9", "bob", claim), "not_yours")
    placed = await f.do(f.placed("1", "ann", claim, lines=[("a", "x", 1, 1000), ("b", "y", 3, 700)]))
    assert [(x["due_minor"], x["discount_minor"]) for x in placed["lines"]] == [(839, 161), (1761, 339)]
    assert (placed["total_minor"], placed["discount_minor"]) == (2600, 500)
    assert balance(f, f"{COUPON}/promised") == (500, 500, 0)
    await refused(f, f.placed("2", "ann", claim), "coupon_used")
    assert (await f.do(f.order("1", "paid")))["status"] == "paid"
    assert balance(f, f"{COUPON}/spent") == (500, 0, 0)
    part = await f.do(f.order("1", "refunded", lines=[{"line": "b", "quantity": 2}]))
    assert (part["status"], part["refunded_minor"]) == ("partly_refunded", 587 * 2)
    assert balance(f, f"{COUPON}/spent") == (500, 0, 0)
    whole = await f.do(f.order("1", "refunded"))
    assert (whole["status"], whole["refunded_minor"]) == ("refunded", 2600 - 587 * 2)
    assert balance(f, f"{COUPON}/promised") == (500, 0, 0)
    assert (await f.do(f.placed("3", "ann", claim)))["discount_minor"] == 500


async def test_a_coupon_gives_no_more_than_there_is_to_pay_and_the_rest_goes_back():
    f = await fair()
    coupon = await f.do(f.act("coupon", "claim", "ann"))
    placed = await f.do(f.placed("1", "ann", ("coupon", {"coupon": coupon["coupon"]}), lines=[("a", "x", 1, 300)]))
    assert (placed["total_minor"], placed["discount_minor"]) == (0, 300)
    await f.do(f.order("1", "paid"))
    assert balance(f, f"{COUPON}/spent") == (300, 0, 0)
    assert balance(f, f"{COUPON}/promised") == (0, 0, 0)
    assert balance(f, f"budget/{CAMPAIGN}") == (100_000 - 300, 0, 0)


async def test_an_audience_gets_its_own_offer_and_its_threshold_counts():
    f = await fair(people={"ann": Person(memberships={CAMPAIGN: (1, False)})})
    f.host.storage.audiences = {CAMPAIGN: ((0, "vip"),)}
    f.host.storage.epoch += 1
    coupon = await f.do(f.act("coupon", "claim", "ann"))
    assert (coupon["amount_minor"], coupon["threshold_minor"]) == (900, 4000)
    await refused(
        f,
        f.placed("1", "ann", ("coupon", {"coupon": coupon["coupon"]}), lines=[("a", "x", 1, 3999)]),
        "below_threshold",
    )


async def test_an_expired_coupon_goes_back_to_the_budget():
    f = await fair()
    coupon = await f.do(f.act("coupon", "claim", "ann"))
    f.now[0] = T + 7 * DAY
    await refused(f, f.placed("1", "ann", ("coupon", {"coupon": coupon["coupon"]})), "coupon_expired")
    await fire(f)
    assert balance(f, f"{COUPON}/promised") == (0, 0, 0)
    assert balance(f, f"{COUPON}/expired") == (1, 0, 0)
    assert balance(f, f"budget/{CAMPAIGN}") == (100_000, 0, 0)
    assert f.host.storage.timers == {}


async def test_coupons_and_budget_run_out():
    f = await fair(setup("coupon", count=2, budget_minor=900), budget=900)
    await f.do(f.act("coupon", "claim", "ann"))
    await refused(f, f.act("coupon", "claim", "bob"), "over_budget")
    g = await fair(setup("coupon", count=1))
    await g.do(g.act("coupon", "claim", "ann"))
    await refused(g, g.act("coupon", "claim", "bob"), "none_left")


async def test_a_flash_sale_holds_sells_and_gives_back():
    f = await fair(setup("flash_sale", stock=1))
    token = await f.do(f.act("flash_sale", "token", "ann"))
    claim = ("flash_sale", {"instance": token["token"], "line": "1"})
    await refused(f, f.placed("1", "bob", claim), "no_token")
    placed = await f.do(f.placed("1", "ann", claim))
    assert (placed["total_minor"], placed["expires_ms"]) == (1990, T + 5 * MINUTE)
    await refused(f, f.act("flash_sale", "token", "bob"), "sold_out")
    f.now[0] = T + 5 * MINUTE
    await fire(f)
    assert balance(f, f"{FLASH}/stock") == (1, 0, 0)
    assert (await f.do(f.order("1", "paid")))["status"] == "paid"  # late, but the unit was still there
    assert balance(f, f"{FLASH}/sold") == (1, 0, 0)
    await refused(f, f.act("flash_sale", "token", "ann"), "limit_reached")
    await f.do(f.order("1", "refunded"))
    assert balance(f, f"{FLASH}/sold") == (0, 0, 0)
    assert balance(f, "sku/tea-1") == (100, 0, 0)


async def test_a_late_payment_without_stock_asks_for_a_refund_once():
    f = await fair(setup("flash_sale", stock=1))
    for who, order in (("ann", "1"), ("bob", "2")):
        token = await f.do(f.act("flash_sale", "token", who))
        await f.do(f.placed(order, who, ("flash_sale", {"instance": token["token"], "line": "1"})))
        f.now[0] += 6 * MINUTE
        await fire(f) if who == "ann" else await f.do(f.order("2", "paid"))
    late = await f.do(f.order("1", "paid"))
    assert (late["status"], late["refund"]) == ("expired", "expired")
    assert (await f.do(f.order("1", "paid")))["refund"] == "expired"
    assert [e.order for e in f.host.storage.events if e.name == "refund.requested"] == ["1"]
    assert balance(f, f"{FLASH}/sold") == (1, 0, 0)


async def test_windows_slots_and_tokens():
    f = await fair(setup("flash_sale"), now=[T - 1])
    await refused(f, f.act("flash_sale", "token", "ann"), "not_open")
    f.now[0] = T + HOUR
    await refused(f, f.act("flash_sale", "token", "ann"), "no_slot")
    f.now[0] = T + DAY
    token = await f.do(f.act("flash_sale", "token", "ann"))
    f.now[0] = T + DAY + 30_000
    await refused(f, f.placed("1", "ann", ("flash_sale", {"instance": token["token"], "line": "1"})), "token_expired")
    f.now[0] = T + 3 * DAY
    await refused(f, f.act("flash_sale", "token", "ann"), "ended")


async def test_nothing_stacks_on_a_flash_price():
    f = await fair()
    token = await f.do(f.act("flash_sale", "token", "ann"))
    coupon = await f.do(f.act("coupon", "claim", "ann"))
    claims = (("flash_sale", {"instance": token["token"], "line": "1"}), ("coupon", {"coupon": coupon["coupon"]}))
    await refused(f, f.placed("1", "ann", *claims), "nothing_to_pay")
    placed = await f.do(f.placed("1", "ann", *claims, lines=[("1", "tea-1", 1, 5000), ("2", "x", 1, 800)]))
    assert [x["due_minor"] for x in placed["lines"]] == [1990, 300]


async def join(f, order, customer, party, *, pay=True):
    placed = await f.do(f.placed(order, customer, ("group_buy", {"instance": party, "line": "1"})))
    return await f.do(f.order(order, "paid")) if pay and isinstance(placed, dict) else placed


async def test_three_fill_a_group_and_the_fourth_finds_it_full():
    f = await fair()
    party = (await f.do(f.act("group_buy", "open", "ann")))["party"]
    await refused(f, f.placed("0", "bob", ("group_buy", {"instance": party, "line": "1"})), "leader_first")
    assert (await join(f, "1", "ann", party))["total_minor"] == 3000
    await refused(f, f.placed("1b", "ann", ("group_buy", {"instance": party, "line": "1"})), "already_in")
    await join(f, "2", "bob", party)
    await join(f, "3", "eve", party, pay=False)
    await refused(f, f.placed("4", "dan", ("group_buy", {"instance": party, "line": "1"})), "party_full")
    await f.do(f.order("3", "paid"))
    assert [e.properties["orders"] for e in f.host.storage.events if e.name == "party.completed"] == ["1,2,3"]
    await refused(f, f.placed("4", "dan", ("group_buy", {"instance": party, "line": "1"})), "party_full")
    assert balance(f, f"{GROUP}/taken/{party}") == (3, 0, 0)
    await f.do(f.order("2", "refunded"))  # after-sales: the group stays done
    assert balance(f, f"{GROUP}/sold") == (2, 0, 0)
    assert f.host.storage.holds() == []


async def test_a_group_that_does_not_fill_asks_for_refunds_and_gives_everything_back():
    f = await fair()
    party = (await f.do(f.act("group_buy", "open", "ann")))["party"]
    await join(f, "1", "ann", party)
    f.now[0] += 23 * HOUR + 50 * MINUTE
    await join(f, "2", "bob", party, pay=False)
    f.now[0] = T + 24 * HOUR
    await fire(f)
    asked = [(e.order, e.properties["reason"]) for e in f.host.storage.events if e.name == "refund.requested"]
    assert asked == [("1", "party_failed")]
    late = await f.do(f.order("2", "paid"))
    assert (late["status"], late["refund"]) == ("paid", "party_failed")
    for order in ("1", "2"):
        assert (await f.do(f.order(order, "refunded")))["refunded_minor"] == 3000
    assert balance(f, f"{GROUP}/stock") == (10, 0, 0)
    assert balance(f, f"{GROUP}/sold") == (0, 0, 0)
    assert f.host.storage.holds() == []
    assert f.host.storage.timers == {}


async def test_a_refund_before_the_group_is_full_frees_the_seat_and_passes_the_lead():
    f = await fair()
    party = (await f.do(f.act("group_buy", "open", "ann")))["party"]
    await join(f, "1", "ann", party)
    await join(f, "2", "bob", party)
    await f.do(f.order("1", "refunded"))
    assert balance(f, f"{GROUP}/seats/{party}") == (2, 0, 0)
    await join(f, "3", "eve", party)
    await join(f, "4", "ann", party)
    done = [(e.customer, e.properties["orders"]) for e in f.host.storage.events if e.name == "party.completed"]
    assert done == [("bob", "2,3,4")]


async def test_a_party_nobody_paid_for_disappears():
    f = await fair()
    party = (await f.do(f.act("group_buy", "open", "ann")))["party"]
    f.now[0] += 16 * MINUTE
    await fire(f)
    await refused(f, f.placed("1", "ann", ("group_buy", {"instance": party, "line": "1"})), "unknown_party")
    assert balance(f, "world/seat") == (0, 0, 0)


async def test_an_old_party_keeps_its_terms():
    f = await fair(setup("group_buy"))
    party = (await f.do(f.act("group_buy", "open", "ann")))["party"]
    f.host.storage.set_up(setup("group_buy", version=2, price_minor=3500, size=2))
    assert (await join(f, "1", "ann", party))["total_minor"] == 3000
    other = (await f.do(f.act("group_buy", "open", "bob")))["party"]
    assert (await join(f, "2", "bob", other))["total_minor"] == 3500


async def test_pause_close_consent_audience_and_control():
    head = {"audience": "vip", "consent": "terms"}
    people = {
        "ann": Person(consents=frozenset({"terms"}), memberships={CAMPAIGN: (1, False)}),
        "bob": Person(consents=frozenset({"terms"}), memberships={CAMPAIGN: (1, True)}),
        "eve": Person(memberships={CAMPAIGN: (1, False)}),
    }
    f = await fair(setup("coupon", head=head), people=people)
    f.host.storage.audiences = {CAMPAIGN: ((0, "vip"),)}
    f.host.storage.epoch += 1
    assert (await f.do(f.act("coupon", "claim", "ann")))["amount_minor"] == 900
    await refused(f, f.act("coupon", "claim", "bob"), "not_offered")
    await refused(f, f.act("coupon", "claim", "eve"), "no_consent")
    await refused(f, f.act("coupon", "claim", "dan"), "not_in_audience")
    for running, code in (("paused", "not_open"), ("closed", "ended")):
        f.host.storage.running[CAMPAIGN, "coupon"] = (1, running)
        f.host.storage.epoch += 1
        await refused(f, f.act("coupon", "claim", "eve"), code)


async def test_too_fast_and_a_reused_key():
    f = await fair(setup("coupon", per_customer=100, head={"rate_count": 2, "rate_s": 10}))
    for n in range(2):
        assert isinstance(await f.do(f.act("coupon", "claim", "ann", f"own{n}")), dict)
    await refused(f, f.act("coupon", "claim", "ann"), "too_fast")
    assert isinstance(await f.do(f.act("coupon", "claim", "ann", "own0")), dict)  # a repetition is always answered
    f.now[0] += 10_000
    assert isinstance(await f.do(f.act("coupon", "claim", "ann")), dict)


async def test_unknown_things_have_their_own_words():
    f = await fair()
    await refused(f, f.placed("1", "ann", ("nothing", {})), "unknown_play")
    await refused(f, f.order("1", "paid"), "order_not_placed")
    await refused(f, f.placed("1", "ann", ("coupon", {"coupon": "x"})), "unknown_coupon")
    await refused(f, f.placed("1", "ann", ("group_buy", {"instance": "x", "line": "1"})), "unknown_party")
    await f.do(f.placed("1", "ann"))
    await refused(f, f.placed("1", "ann"), "order_exists")
    await f.do(f.order("1", "cancelled"))
    await refused(f, f.order("1", "refunded"), "order_state")


async def fire(f):
    """Fire every timer that is due."""
    from miaohui.host.timers import Timers

    async def due(limit):
        return await f.host.storage.due(limit)

    while await Timers(f.host, due).fire():
        pass


async def test_a_timer_that_was_set_anew_while_it_fired_stays():
    """The worker has found it due; before the host decides it, somebody else moves it, or the clock goes back."""
    f = await fair()
    party = (await f.do(f.act("group_buy", "open", "ann")))["party"]
    await f.do(f.placed("1", "ann", ("group_buy", {"instance": party, "line": "1"})))
    (found,) = [due for key, due in f.host.storage.timers.items() if key.startswith("play/")]
    f.now[0] = found.due_ms
    await f.do(f.order("1", "paid"))  # in the last moment: from now on it is the party's end that is waited for
    moved = f.host.storage.timers[found.key]
    assert moved.due_ms == found.due_ms + DAY
    await refused(f, submission(f.host, found), "party_over")
    assert f.host.storage.timers[found.key] == moved
    await refused(f, submission(f.host, moved), "not_open")
    assert f.host.storage.timers[found.key] == moved
    f.now[0] = moved.due_ms
    assert await f.do(submission(f.host, moved)) != "party_over"
    assert found.key not in f.host.storage.timers
