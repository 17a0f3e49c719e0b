"""Reviews of campaigns that ran here: what the events add up to, and the ledger beside it.

    reached     customers with a campaign.reached           took part   customers with an event of one of its plays
    ordered     customers with an order.placed of it        paid        customers with an order.paid of it

An order belongs to the campaign it claims from; it stands under each of the plays it claims from. Simulated customers are in no
figure but `simulated` and the `simulated` column of the checks.

Figures are of one instant, a second ago or earlier if events are still on their way to the store: `until`.
"""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from miaohui.campaign.document import Document
from miaohui.clock import moment_of
from miaohui.events.store import EventStore
from miaohui.host.setup import Setup
from miaohui.review import books, findings, goals, money
from miaohui.review.figures import NO_GOALS, NOT_MEASURED, Day, Missing, PlayReview, Review, Simulated, Step
from miaohui.review.tallies import People, Tallies, tally
from miaohui.text import Text

SETTLED_MS = 1000
"""After this time a batch has been committed, or never will be."""

_UNTIL = f"""
select least(now_ms() - {SETTLED_MS}, (select (extract(epoch from min(outbox.at)) * 1000)::bigint from outbox, relay
                                       where (outbox.xid, outbox.id) > (relay.xid, relay.id)))
"""
_COSTS = "select sku, cost_minor from product where sku = any($1) and cost_minor is not null"
_CONTROL = "select count(*) from membership where campaign = $1 and control"


async def live_review(db: "asyncpg.Pool[Any]", store: EventStore, document: Document) -> Review:
    """The review of a campaign of this workspace, by the document it runs under."""
    campaign = document.campaign
    setups = await books.running(db, campaign)
    until = moment_of(await db.fetchval(_UNTIL))
    fields = {field for _, field in books.wanted(setups) if field}
    names = [name for name in books.event_names(setups) if name != "refund.requested"]
    t = await tally(store, campaign, names, fields, document.zone, until)
    checks = await books.checks(db, setups, t.sums, until)
    people = t.measured
    result = money.outcome(
        people.sales_minor - people.refunded_minor,
        people.discount_minor,
        t.skus,
        await _costs(db, document, list(t.skus)),
        document.budget,
    )
    compared = goals.compared(document.goals, t, document.currency)
    missing: dict[str, Missing] = (
        dict.fromkeys(("bought_promoted", "coupons", "shopping"), NOT_MEASURED) | result.missing
    )
    if not compared:
        missing["goals"] = NO_GOALS
    starts_on, ends_on, today = _days(document, until)
    review = Review(
        campaign=campaign,
        title=document.name,
        history=False,
        zone=document.zone,
        currency=document.currency,
        starts_on=starts_on,
        ends_on=ends_on,
        shift_days=0,
        days_in_window=(ends_on - starts_on).days + 1,
        covered_days=max(0, (min(today, ends_on) - starts_on).days + 1),
        until=until,
        evidence="observed",
        reached=people.reached,
        bought_promoted=None,
        redeemed=len({who for (_, name), them in t.who.items() if name == "coupon.redeemed" for who in them}),
        took_part=people.took_part,
        ordered=people.ordered,
        paid=people.paid,
        orders=people.orders,
        sales_minor=people.sales_minor,
        discount_minor=people.discount_minor,
        refunded_minor=people.refunded_minor,
        coupons=None,
        coupons_issued=goals.total(t, "coupon.claimed"),
        coupons_used=goals.total(t, "coupon.redeemed") - goals.total(t, "coupon.returned"),
        redemptions=goals.total(t, "coupon.redeemed"),
        goods_cost_minor=result.goods_cost_minor,
        profit_minor=result.profit_minor,
        cost_minor=result.cost_minor,
        return_ppm=result.return_ppm,
        return_evidence=result.evidence,
        shopping=None,
        funnel=_funnel(people),
        days=tuple(Day(**day) for day in t.days),
        plays=tuple(_play(setup, t) for setup in setups),
        goals=compared,
        checks=checks,
        balanced=not any(check.difference for check in checks),
        simulated=_simulated(t.simulated),
        missing=missing,
        findings=(),
    )
    return findings.of_live(review, int(await db.fetchval(_CONTROL, campaign)))


def _days(document: Document, until: datetime) -> tuple[date, date, date]:
    """First and last day of the campaign and the day of `until`, in its zone."""
    zone, phases = ZoneInfo(document.zone), document.phases
    first, last = moment_of(phases.opens_ms()), moment_of(phases.wrap_up_ms - 1)
    return first.astimezone(zone).date(), last.astimezone(zone).date(), until.astimezone(zone).date()


async def _costs(db: "asyncpg.Pool[Any]", document: Document, skus: list[str]) -> dict[str, int]:
    """What one of each costs: as the document says, else as the shop does."""
    shop = {row["sku"]: row["cost_minor"] for row in await db.fetch(_COSTS, skus)}
    written = {ware.sku or name: ware.cost_minor for name, ware in document.products.items()}
    return shop | {sku: cost for sku, cost in written.items() if cost is not None}


def _funnel(people: People) -> tuple[Step, ...]:
    titles = {
        "reached": Text("触达", "Reached"),
        "took_part": Text("参与", "Took part"),
        "ordered": Text("下单", "Ordered"),
        "paid": Text("付款", "Paid"),
    }
    return tuple(
        Step(
            name=name,
            title=title,
            customers=getattr(people, name),
            of_reached=people.reached if name == "reached" else getattr(people, f"{name}_of_reached"),
        )
        for name, title in titles.items()
    )


def _play(setup: Setup, t: Tallies) -> PlayReview:
    orders = t.orders.get(setup.id, {"orders": 0, "sales_minor": 0, "discount_minor": 0})
    return PlayReview(
        play=setup.play,
        module=setup.module,
        title=setup.title,
        customers=len({who for (play, _), them in t.who.items() if play == setup.play for who in them}),
        events={name: n for (play, name), n in t.plays.items() if play == setup.play},
        **orders,
    )


def _simulated(people: People) -> Simulated | None:
    """The line beside the measured figures; None if nobody was simulated."""
    if people == People():
        return None
    return Simulated(**{name: getattr(people, name) for name in Simulated.__struct_fields__})
