"""A finished campaign becomes a template: what was planned stays, what belonged to that one time goes.

Days       are written from `live`, which is asked for again
Stock      what was set aside is cleared, each play's is asked for; the budget too
Secrets    operators, contacts and incentives go, and all comments: a template may be shown to people who were not there
"""

import re
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import tomlkit
from tomlkit.items import Table

from miaohui.campaign.document import Document
from miaohui.campaign.grammar import Instant, Window, Words
from miaohui.campaign.leaves import leaves
from miaohui.campaign.times import Days
from miaohui.pages.format import day_of
from miaohui.text import Text

_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"""' r"|'''.*?'''" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'" r"|(?P<comment>[ \t]*#[^\n]*)",
    re.DOTALL,
)
_ABSOLUTE = re.compile(r"\d{4}-\d\d-\d\d")
_RAW = "~raw~"


def templated(text: str, document: Document, about: Text) -> str:
    """The file of a template made of `text`, which was read as `document`."""
    raw = tomlkit.parse(_TOKEN.sub(lambda found: "" if found["comment"] is not None else found[0], text))
    asks: list[dict[str, Any]] = [
        _ask("name", "texts", Text("活动叫什么？", "What do customers call it?"), document.name)
    ]
    asks.append(_ask("live", "when", Text("哪天开始，持续几天？", "From which day on, for how many days?")))
    _relative(raw, document)
    _nobody(raw)
    asks += _stock(raw, document)
    if document.budget:
        raw["budget"]["total"] = f"{_RAW}budget"
        asks.append(_ask("budget", "budget", Text("优惠总预算是多少？", "What may the discounts cost in all?")))
    raw["campaign"] = "@campaign@"
    raw["name"] = _both(Text("@name.zh@", "@name.en@"))
    if "occasion" in raw:
        raw["occasion"] = "@occasion@"
    body = re.sub(rf'"{_RAW}([^"]+)"', r"@\1@", tomlkit.dumps(raw))
    head = tomlkit.dumps(_head(document, about, asks))
    return f"+++\n{head}+++\n" + re.sub(r"\n{3,}", "\n\n", body).lstrip()


def _head(document: Document, about: Text, asks: list[dict[str, Any]]) -> dict[str, Any]:
    zone, phases = document.zone, document.phases
    live = day_of(phases.live_ms, zone)
    head: dict[str, Any] = {
        "title": _both(document.name),
        "about": _both(about),
        "days": max(1, (day_of(phases.wrap_up_ms, zone) - live).days),
        "warm_up_days": (live - day_of(phases.opens_ms(), zone)).days,
    }
    if document.class_:
        head["class"] = document.class_
    return head | {"ask": asks}


def _ask(key: str, kind: str, question: Text, default: Text | None = None) -> dict[str, Any]:
    asked = {"key": key, "kind": kind, "question": _both(question)}
    return asked | ({"default": _both(default)} if default else {})


def _both(text: Text) -> Any:
    table = tomlkit.inline_table()
    table.update({"zh": text.zh, "en": text.en})
    return table


# -- days --------------------------------------------------------------------------------------------------------------------


def _relative(raw: Any, document: Document) -> None:
    days = Days(ZoneInfo(document.zone), dict(document.phases.each()))
    live = datetime.fromtimestamp(document.phases.live_ms / 1000, days.zone)
    for leaf in list(leaves(raw)):
        value = leaf.value
        if leaf.path == ("phases", "live"):
            at_midnight = live.time().isoformat("minutes") == "00:00"
            leaf.holder[leaf.key] = f"{_RAW}live" if at_midnight else f"@live@ {live:%H:%M}"
        elif leaf.path == ("phases", "prepare"):
            leaf.holder[leaf.key] = f"{_RAW}prepare"
        elif leaf.path == ("phases", "wrap_up"):
            leaf.holder[leaf.key] = "live + @days@ days" + _clock(days, document.phases.wrap_up_ms, live)
        elif isinstance(leaf.kind, Instant) and _is_day(value):
            leaf.holder[leaf.key] = _from_live(days, days.instant(value), live)
        elif isinstance(leaf.kind, Window) and _is_day(value):
            start, _, lasts = str(value).rpartition(" for ")
            leaf.holder[leaf.key] = f"{_from_live(days, days.instant(start), live)} for {lasts}"


def _is_day(value: Any) -> bool:
    return isinstance(value, date) or (isinstance(value, str) and bool(_ABSOLUTE.search(value)))


def _from_live(days: Days, at_ms: int, live: datetime) -> str:
    at = datetime.fromtimestamp(at_ms / 1000, days.zone)
    apart = (at.date() - live.date()).days
    moved = f" {'+' if apart > 0 else '-'} {abs(apart)} day{'s' if abs(apart) > 1 else ''}" if apart else ""
    return f"live{moved}{_clock(days, at_ms, live)}"


def _clock(days: Days, at_ms: int, live: datetime) -> str:
    """The time of day, where it is not the one of `live`."""
    at = datetime.fromtimestamp(at_ms / 1000, days.zone)
    return "" if f"{at:%H:%M}" == f"{live:%H:%M}" else f" {at:%H:%M}"


# -- people and stock --------------------------------------------------------------------------------------------------------


def _nobody(raw: Any) -> None:
    """No operator, no contact, no incentive; the owner is who begins the campaign."""
    for leaf in list(leaves(raw)):
        person = isinstance(leaf.kind, Words) and leaf.kind.refers == "person"
        if leaf.path == ("owner",):
            leaf.holder[leaf.key] = "@owner@"
        elif person or leaf.path[-1] == "contact":
            del leaf.holder[leaf.key]
    raw.pop("incentives", None)


def _stock(raw: Any, document: Document) -> list[dict[str, Any]]:
    """Products lose what was set aside; each play that sells pieces asks for them."""
    for product in raw.get("products", {}).values():
        product.pop("stock", None)
    asks = []
    for name, play in raw.get("plays", {}).items():
        if isinstance(play, Table | dict) and "stock" in play:
            title = document.plays[name].head.title or document.name
            key = f"stock.{name}"
            play["stock"] = f"{_RAW}{key}"
            asks.append(_ask(key, "count", Text(f"{title.zh}：多少件？", f"{title.en}: how many pieces?")))
    return asks
