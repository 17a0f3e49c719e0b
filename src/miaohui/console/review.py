"""The review of a campaign as a page and as a file: what came, beside what was wanted, and the ledger beside the events."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream

from miaohui.campaign.refused import CampaignRefused
from miaohui.console.frame import show
from miaohui.console.guard import TheWorkspace, needs
from miaohui.console.ledger import statement_path
from miaohui.console.progress import shown
from miaohui.console.stages import pages_of, pages_of_past, play_icon
from miaohui.events.envelope import snake
from miaohui.host.setup import machine
from miaohui.pages.errors import missing
from miaohui.pages.format import plain
from miaohui.pages.language import AnyRequest
from miaohui.pages.sheets import Cell, sheet
from miaohui.review.figures import NOT_MEASURED, Finding, Missing, PlayReview, Review
from miaohui.review.reviews import review_of
from miaohui.text import Text
from miaohui.workspace import Workspace

EVIDENCE = {
    "measured": (Text("实测", "measured"), "ok"),
    "estimated": (Text("估算", "estimated"), "warn"),
    "associated": (Text("相关", "associated"), "info"),
    "observed": (Text("观察", "observed"), "info"),
}
KINDS = (
    ("content", Text("内容", "Content"), "bulb", "gold"),
    ("process", Text("流程", "Process"), "route", "blue"),
    ("people", Text("人", "People"), "users", "green"),
    ("material", Text("物料", "Material"), "box", "red"),
)
FINDING_TONES = {
    "good": (Text("好", "good"), "ok"),
    "bad": (Text("差", "bad"), "bad"),
    "note": (Text("记", "note"), "info"),
}
_FIGURES: tuple[tuple[str, Text, str], ...] = (
    ("reached", Text("触达", "Reached"), "count"),
    ("took_part", Text("参与", "Took part"), "count"),
    ("bought_promoted", Text("买过活动商品", "Bought a promoted product"), "count"),
    ("redeemed", Text("用过券", "Used a coupon"), "count"),
    ("redemptions", Text("用券次数", "Coupons redeemed"), "count"),
    ("coupons", Text("券的种类", "Kinds of coupons"), "count"),
    ("coupons_issued", Text("领券", "Coupons taken"), "count"),
    ("ordered", Text("下单顾客", "Customers who ordered"), "count"),
    ("paid", Text("付款顾客", "Customers who paid"), "count"),
    ("orders", Text("付款订单", "Paid orders"), "count"),
    ("sales_minor", Text("成交额（净）", "Sales, net of discount"), "money"),
    ("discount_minor", Text("优惠", "Discount"), "money"),
    ("refunded_minor", Text("退款", "Refunded"), "money"),
    ("goods_cost_minor", Text("商品成本", "Cost of goods"), "money"),
    ("profit_minor", Text("优惠前毛利", "Gross profit before discounts"), "money"),
    ("cost_minor", Text("活动成本", "Cost of the campaign"), "money"),
)
"""The table of all figures, in its order: field of the review, title, kind."""


async def _review(workspace: Workspace, id: str) -> Review:
    try:
        return await review_of(workspace.db, workspace.events, id, workspace.zone, workspace.currency)
    except CampaignRefused as refused:
        raise missing(refused.sentence) from refused


@get("/campaigns/{id:str}/review", guards=[needs("campaign.view")])
async def review(request: AnyRequest, workspace: TheWorkspace, id: FromPath[str]) -> Response[str]:
    """The review; of a campaign that still runs, so far."""
    found = await _review(workspace, id)
    within = pages_of_past(id, found.title) if found.history else pages_of(id, found.title)
    return show(
        request,
        "console/review.html",
        within=within,
        review=found,
        verdict=_verdict(found),
        figures=list(_figures(found)),
        goals=[shown(goal, found.currency) for goal in found.goals],
        plays=[(play, _happened(play)) for play in found.plays],
        evidence=EVIDENCE,
        kinds=KINDS,
        tones=FINDING_TONES,
        statement_path=statement_path,
        play_icon=play_icon,
        most=max((day.sales_minor for day in found.days), default=0),
    )


def _figures(found: Review) -> Iterator[tuple[Text, str, int | None, Missing | None]]:
    """Title, kind, figure, and why it is not known; what this version does not measure is left out."""
    for name, title, kind in _FIGURES:
        figure, gap = getattr(found, name), found.missing.get(name)
        if figure is not None or (gap is not None and gap != NOT_MEASURED):
            yield title, kind, figure, gap


def _verdict(found: Review) -> Finding | None:
    """The finding that comes first to somebody who has one minute: what came of it, before how it went."""
    return next((f for f in found.findings if f.kind != "process"), None)


def _happened(play: PlayReview) -> list[tuple[Text, int]]:
    """How often each of the play's events happened, as its module calls them."""
    module = machine(play.module).module
    labels = {snake(name): text for name, text in module.LABELS.items() if name[:1].isupper()}
    return [
        (labels.get(name.rpartition(".")[2], _of_tag(labels, name) or Text(name, name)), count)
        for name, count in play.events.items()
    ]


def _of_tag(labels: dict[str, Text], name: str) -> Text | None:
    """ "party.completed" is called PartyCompleted."""
    return labels.get(name.replace(".", "_"))


@get("/campaigns/{id:str}/review.csv", guards=[needs("campaign.view")])
async def review_file(workspace: TheWorkspace, id: FromPath[str]) -> Stream:
    """Every figure as a line: section, name, field, value; what is not known has no value and says why."""
    found = await _review(workspace, id)

    async def rows() -> AsyncIterator[Sequence[Cell]]:
        for line in _lines(found):
            yield line

    header = ("section", "name", "field", "value", "evidence_or_reason")
    return sheet(f"review-{id}.csv", header, rows())


def _lines(found: Review) -> list[Sequence[Cell]]:
    lines: list[Sequence[Cell]] = []
    for name, _, kind in _FIGURES:
        value, gap = getattr(found, name), found.missing.get(name)
        cell = _cell(value, found.currency if kind == "money" else "")
        lines.append(("total", "", name, cell, gap.reason if gap else found.evidence))
    sections: list[tuple[str, str, Sequence[Any]]] = [
        ("funnel", "name", found.funnel),
        ("day", "on_date", found.days),
        ("play", "play", found.plays),
        ("goal", "name", found.goals),
        ("check", "account", found.checks),
    ]
    for section, key, items in sections:
        for item in items:
            fields = {name: getattr(item, name) for name in item.__struct_fields__ if name != key}
            if section == "check":
                fields["difference"] = item.difference
            for field, value in fields.items():
                if isinstance(value, int | str) or msgspec.to_builtins(value, str_keys=True) is None:
                    unit = item.unit if section == "check" and field not in ("account", "unit") else ""
                    unit = found.currency if field.endswith("_minor") else unit
                    lines.append((section, str(getattr(item, key)), field, _cell(value, unit), ""))
                elif field in ("target", "actual"):
                    lines.append((section, str(getattr(item, key)), field, str(value), ""))
    return lines


def _cell(value: int | str | None, unit: str) -> Cell:
    if value is None:
        return ""
    return plain(value, unit) if isinstance(value, int) and unit else value


HANDLERS = [review, review_file]
