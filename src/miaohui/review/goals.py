"""Goals against what came: each goal of the document by its measure, in the measure's own unit."""

from decimal import Decimal

from miaohui.campaign.goals import MEASURES, Goal
from miaohui.money import Money
from miaohui.review.figures import NO_ORDERS, NO_VISITORS, NOT_MEASURED, GoalReview, Missing
from miaohui.review.tallies import Tallies
from miaohui.text import Text


def compared(goals: dict[str, Goal], t: Tallies, currency: str) -> tuple[GoalReview, ...]:
    """Each goal of the document, in its order."""
    return tuple(_compared(name, goal, t, currency) for name, goal in goals.items())


def _compared(name: str, goal: Goal, t: Tallies, currency: str) -> GoalReview:
    measure = goal.measure or name
    found = _actual(measure, t, currency)
    actual = None if isinstance(found, Missing) else found
    return GoalReview(
        name=name,
        measure=measure,
        title=MEASURES.get(measure, Text(name, name)),
        role=goal.role,
        target=goal.target,
        actual=actual,
        reached_ppm=int(actual * 1_000_000 / goal.target) if actual is not None and goal.target else None,
        missing=found if isinstance(found, Missing) else None,
    )


def _actual(measure: str, t: Tallies, currency: str) -> Decimal | Missing:
    people = t.measured
    sales = Money(people.sales_minor - people.refunded_minor, currency).decimal()
    counts = {
        "visitors": people.visitors,
        "reached": people.reached,
        "participants": people.took_part,
        "orders": people.orders,
        "customers": people.paid,
        "new_customers": t.new_customers,
        "coupons": total(t, "coupon.claimed"),
        "redeemed": total(t, "coupon.redeemed") - total(t, "coupon.returned"),
        "parties": total(t, "party.completed"),
    }
    if measure in counts:
        return Decimal(counts[measure])
    if measure == "gmv":
        return sales
    if measure == "basket":
        return (sales / people.orders).quantize(Decimal("0.01")) if people.orders else NO_ORDERS
    if measure == "conversion":
        return (
            (Decimal(people.orders) * 100 / people.visitors).quantize(Decimal("0.01"))
            if people.visitors
            else NO_VISITORS
        )
    return NOT_MEASURED


def total(t: Tallies, *names: str) -> int:
    """How often these events happened, in all plays, measured."""
    return sum(n for (_, name), n in t.plays.items() if name in names)
