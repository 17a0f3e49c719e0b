"""A review as pages and the API get it. Amounts in the smallest unit of `currency`; a figure that is not known is null, and
`missing` says why."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from miaohui.text import Text

Evidence = Literal["measured", "estimated", "associated", "observed"]


class Missing(Struct, frozen=True):
    """Why a figure is null: a code, and what the page shows in its place."""

    reason: str
    label: Text


NOT_IN_THE_DATA = Missing("not in the data", Text("- 数据中没有", "- not in the data"))
NOT_MEASURED = Missing("not measured by this version", Text("- 本版本不统计", "- not measured by this version"))
NOTHING_SPENT = Missing("nothing was spent", Text("- 没有支出", "- nothing was spent"))
NO_MARGIN = Missing(
    "neither cost nor margin is given", Text("- 未填写成本或毛利率", "- neither cost nor margin is given")
)
NO_VISITORS = Missing("nobody visited", Text("- 还没有访客", "- nobody visited"))
NO_ORDERS = Missing("nobody ordered", Text("- 还没有订单", "- nobody ordered"))
NO_GOALS = Missing("the document has no goals", Text("- 未设目标", "- the document has no goals"))


class Step(Struct, frozen=True, kw_only=True):
    """One step of the funnel: customers who came so far; `of_reached`: those of them who had been reached."""

    name: str
    title: Text
    customers: int | None
    of_reached: int | None = None


class Day(Struct, frozen=True, kw_only=True):
    """One day in the campaign's zone: paid orders and what they brought. `redemptions`: coupons used that day."""

    on_date: date
    orders: int
    customers: int
    sales_minor: int
    discount_minor: int
    redemptions: int = 0


class Shopping(Struct, frozen=True, kw_only=True):
    """All that reached customers bought in the campaign's window, promoted or not. Observed: no effect of the campaign."""

    orders: int
    customers: int
    sales_minor: int
    discount_minor: int


class PlayReview(Struct, frozen=True, kw_only=True):
    """One play: who took part, the paid orders that claimed from it, and how often each of its events happened."""

    play: str
    module: str
    title: Text
    customers: int
    orders: int
    sales_minor: int
    discount_minor: int
    events: dict[str, int]


class GoalReview(Struct, frozen=True, kw_only=True):
    """A goal: what was wanted and what came, in the measure's own unit; `reached_ppm` millionths of the target."""

    name: str
    measure: str
    title: Text
    role: str
    target: Decimal
    actual: Decimal | None
    reached_ppm: int | None
    missing: Missing | None = None


class Check(Struct, frozen=True, kw_only=True):
    """One figure twice: `ledger` from transfers, `events` measured and `simulated`; `difference`, what the events do not
    account for, must be 0."""

    account: str
    unit: str
    title: Text
    ledger: int
    events: int
    simulated: int
    difference: int


class Simulated(Struct, frozen=True, kw_only=True):
    """What simulated customers did beside the measured figures: in none of them."""

    took_part: int
    ordered: int
    paid: int
    orders: int
    sales_minor: int
    discount_minor: int


class Finding(Struct, frozen=True, kw_only=True):
    """Judgement, evidence, next step. `kind`: content, process, people or material; `tone`: good, bad or note."""

    kind: Literal["content", "process", "people", "material"]
    tone: Literal["good", "bad", "note"]
    evidence: Evidence
    judgement: Text
    because: Text
    next: Text


class Review(Struct, frozen=True, kw_only=True):
    """One campaign. Days of `zone` from starts_on to ends_on, both inside; the data holds `covered_days` of `days_in_window`.
    `until`: events before it are counted; null for history."""

    campaign: str
    title: Text
    history: bool
    zone: str
    currency: str
    starts_on: date
    ends_on: date
    shift_days: int
    days_in_window: int
    covered_days: int
    until: datetime | None
    evidence: Evidence
    reached: int | None
    bought_promoted: int | None
    redeemed: int | None
    took_part: int | None
    ordered: int | None
    paid: int | None
    orders: int | None
    sales_minor: int | None
    discount_minor: int | None
    refunded_minor: int | None
    coupons: int | None
    coupons_issued: int | None
    coupons_used: int | None
    redemptions: int | None
    goods_cost_minor: int | None
    profit_minor: int | None
    cost_minor: int | None
    return_ppm: int | None
    return_evidence: Evidence | None
    shopping: Shopping | None
    funnel: tuple[Step, ...]
    days: tuple[Day, ...]
    plays: tuple[PlayReview, ...]
    goals: tuple[GoalReview, ...]
    checks: tuple[Check, ...]
    balanced: bool | None
    simulated: Simulated | None
    missing: dict[str, Missing]
    findings: tuple[Finding, ...]
