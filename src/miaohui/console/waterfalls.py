"""Waterfalls of goals: the steps from a plan to what came, as drawings of a page want them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from miaohui.campaign.document import Document
from miaohui.campaign.goals import MONEY, RATES
from miaohui.console.progress import figure, title
from miaohui.money import exponent
from miaohui.pages import format
from miaohui.planning import tree
from miaohui.planning.actuals import Actuals
from miaohui.planning.gap import Channel, mix
from miaohui.text import Text


class Step(Struct, frozen=True, kw_only=True):
    """One step of a waterfall: from `start` to `end`, shares of the drawing's width; the first and the last are totals."""

    title: Text
    said: Text
    start: float
    end: float
    tone: str


def said(measure: str, value: Fraction | Decimal, currency: str, *, signed: bool = False) -> Text:
    """A figure in the unit of its measure, rounded to what that unit carries."""
    digits = exponent(currency) if measure in MONEY else 2 if measure in RATES else 0
    exact = Fraction(value)
    rounded = Decimal(round(exact * 10**digits)).scaleb(-digits)
    if signed and measure in RATES:
        return Text(*(format.points(rounded / 100, language) for language in ("zh", "en")))
    found = figure(measure, rounded, currency)
    return Text(f"+{found.zh}", f"+{found.en}") if signed and rounded > 0 else found


def steps_of(node: tree.Node, document: Document) -> tuple[Step, ...]:
    steps = [(name, value) for name, value in node.steps() if value or name not in (tree.PLAN, tree.BEYOND)]
    if not steps or node.actual is None:
        return ()
    measures = {name: goal.measure or name for name, goal in document.goals.items()}
    called = [(_EXTRA.get(name) or title(name, measures[name]), value) for name, value in steps]
    return _waterfall(node.measure, node.plan, called, document)


def _waterfall(
    measure: str, plan: Fraction, steps: Sequence[tuple[Text, Fraction]], document: Document
) -> tuple[Step, ...]:
    """From the plan by steps to what came."""
    heights = [plan]
    for _, value in steps:
        heights.append(heights[-1] + value)
    low, high = min(Fraction(0), *heights), max(Fraction(1), *heights)
    currency = document.currency

    def at(value: Fraction) -> float:
        return float((value - low) / (high - low))

    def step(name: Text, start: Fraction, end: Fraction, tone: str, *, signed: bool = True) -> Step:
        text = said(measure, end - start, currency, signed=signed)
        return Step(title=name, said=text, start=min(at(start), at(end)), end=max(at(start), at(end)), tone=tone)

    nothing = Fraction(0)
    found = [step(Text("此刻计划", "Plan to date"), nothing, plan, "grey", signed=False)]
    for (name, value), before in zip(steps, heights, strict=False):
        found.append(step(name, before, before + value, "ok" if value >= 0 else "bad"))
    found.append(step(Text("目前", "So far"), nothing, heights[-1], "teal", signed=False))
    return tuple(found)


_EXTRA = {
    tree.PLAN: Text("计划本身的差：各部分与总目标不合", "Plan: the parts do not make the target"),
    tree.BEYOND: Text("其余：不在各部分之内", "Beyond the parts"),
}


def mixed(roots: tuple[tree.Node, ...], came: Actuals, document: Document) -> tuple[Step, ...]:
    """The gap of sales by visitors, mix of channels, conversion and basket, where the goal of visitors has channels and every
    sale came through a channel with visitors."""
    for node in (each for root in roots for each in root.all()):
        parts = {part.measure: part for part in node.parts}
        by = parts["visitors"].goal.by if "visitors" in parts else {}
        if node.joins != "*" or set(parts) != {"visitors", "conversion", "basket"} or not by:
            continue
        plan = _planned_channels(parts, by)
        actual = _channels_that_came(came, plan)
        if not plan or actual is None:
            continue
        planned = sum(Fraction(c.visitors) * Fraction(c.conversion) * Fraction(c.basket) for c in plan.values())
        steps = [(_FACTORS[name], value) for name, value in mix(plan, actual).items()]
        return _waterfall(node.measure, Fraction(planned), steps, document)
    return ()


def _planned_channels(parts: dict[str, tree.Node], by: Mapping[str, Decimal]) -> dict[str, Channel]:
    """Each channel's part of the visitors planned to date; conversion and basket are planned the same everywhere."""
    whole = parts["visitors"]
    over = whole.plan / Fraction(whole.goal.target) if whole.goal.target else Fraction(0)
    rest = Fraction(whole.goal.target) - sum((Fraction(part) for part in by.values()), start=Fraction(0))
    shares = {name: Fraction(part) for name, part in by.items()} | {"": max(rest, Fraction(0))}
    conversion, basket = tree.factor("conversion", parts["conversion"].plan), parts["basket"].plan
    return {name: Channel(part * over, conversion, basket) for name, part in shares.items()} if over else {}


def _channels_that_came(came: Actuals, plan: Mapping[str, Channel]) -> dict[str, Channel] | None:
    """What came through the planned channels, others together as ""; None where sales have no visitors to stand on."""
    found = {name: [0, 0, 0] for name in plan}
    for name, through in came.through.items():
        of = found[name if name in found else ""]
        for n, value in enumerate((through.visitors, through.orders, through.sales_minor)):
            of[n] += value
    if any(orders and not visitors for visitors, orders, _ in found.values()) or not sum(
        v for v, _, _ in found.values()
    ):
        return None
    return {
        name: Channel(
            visitors,
            Fraction(orders, visitors) if visitors else Fraction(0),
            Fraction(sales, 10 ** exponent(came.currency)) / orders if orders else Fraction(0),
        )
        for name, (visitors, orders, sales) in found.items()
    }


_FACTORS = {
    "visitors": Text("访客总数", "Visitors in all"),
    "mix": Text("渠道结构：来自哪些渠道", "Mix: through which channels"),
    "conversion": Text("渠道内的转化", "Conversion inside the channels"),
    "basket": Text("渠道内的客单价", "Basket inside the channels"),
}
