"""Text -> document, and every problem in it.

    found = read(text, facts)
    found.document      None while something without which there is no campaign is missing
    found.problems      from the first line to the last; see `problem`

A value that cannot be read is reported and left out, and reading goes on: an operator sees everything in one go. What follows
from a problem already reported is not reported again.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel.numbers import list_currencies
from msgspec import Struct
from msgspec.structs import replace

from miaohui import plays, preflight
from miaohui.campaign import grammar, values
from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts, ShopProduct
from miaohui.campaign.grammar import (
    PlaysHere,
    Ware,
)
from miaohui.campaign.offer import Head, Merchandise, PlayTable
from miaohui.campaign.phases import Phases
from miaohui.campaign.places import Path, Place, places
from miaohui.campaign.problem import Problem, Problems, stops
from miaohui.campaign.promotion_words import Words
from miaohui.campaign.stacking import options
from miaohui.campaign.tables import LOST, Lost, Tables, suggest
from miaohui.campaign.terms import EVERYBODY
from miaohui.campaign.times import Days, Unreadable
from miaohui.campaign.work import Risk
from miaohui.plays._contract import Play
from miaohui.plays._fields import Product, Span
from miaohui.pricing.promotion import Options
from miaohui.text import Text


class Ruling(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one rule of the preflight came out: what is not known yet, and how often it spoke (never: passed)."""

    rule: str
    title: Text
    findings: int = 0
    not_known: tuple[Text, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it had all it needed and found nothing."""
        return not self.findings and not self.not_known


class Read(Struct, frozen=True):
    """What a text holds."""

    document: Document | None
    problems: list[Problem]
    rulings: tuple[Ruling, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether it is a document that may be submitted."""
        return self.document is not None and not stops(self.problems)


def read(text: str, facts: Facts = Facts()) -> Read:
    """Read and check `text`; `facts` is the world it is compared with."""
    text = text.removeprefix("\ufeff")
    try:
        raw = tomllib.loads(text, parse_float=_decimal)
    except (ValueError, RecursionError) as error:
        return Read(None, [_syntax(text, str(error))])
    problems = Problems(places(text))
    sections = _Reader(raw, facts, problems).sections()
    rulings = _judged(Document(**_STAND_INS | sections), facts, problems) if "phases" in sections else ()
    whole = all(field.name in sections for field in grammar.table(Document).fields if field.required)
    return Read(Document(**sections) if whole else None, problems.all(), rulings)


def _judged(document: Document, facts: Facts, problems: Problems) -> tuple[Ruling, ...]:
    """What the rules of the preflight say of a document that could be read."""
    rulings = []
    for outcome in preflight.run(document, facts):
        for one in outcome.findings:
            problems.note(one.path, one.code, outcome.says[one.code], one.data, outcome.rule, one.fix, one.way)
        ruling = Ruling(
            rule=outcome.rule, title=outcome.title, findings=len(outcome.findings), not_known=outcome.not_known
        )
        rulings.append(ruling)
    return tuple(rulings)


_STAND_INS: dict[str, Any] = {"campaign": "unnamed", "name": Text(zh="", en=""), "kind": "promotional"}
"""For what has no name or no kind yet, so that all the rest can be checked."""


def _decimal(written: str) -> Decimal:
    try:
        return Decimal(written)
    except InvalidOperation:  # an exponent beyond all bounds
        return Decimal("NaN")


def _syntax(text: str, message: str) -> Problem:
    at = re.search(r"\(at line (\d+), column (\d+)\)", message)
    lines = text.split("\n")
    place = Place(int(at[1]), int(at[2])) if at else Place(len(lines), len(lines[-1]) + 1)  # "at end of document"
    problems = Problems({(): place})
    problems.add((), "syntax", value=re.sub(r" \(at .*\)$", "", message))
    return problems.all()[0]


class _Reader(Tables):
    def __init__(self, raw: dict[str, Any], facts: Facts, problems: Problems) -> None:
        self.raw, self.facts, self.problems = raw, facts, problems
        self.currency = facts.currency
        self.days: Days | None = Days(ZoneInfo(facts.zone), {})
        self.products: Mapping[str, Merchandise] = {}
        self.risk, self.stacking = Risk(), Options()
        tasks = raw.get("tasks")
        ids = [task.get("id") for task in tasks if isinstance(task, dict)] if isinstance(tasks, list) else []
        self.names: dict[str, list[str]] = {
            "audience": [*self._keys("audiences"), EVERYBODY],
            "product": self._keys("products"),
            "merchant": self._keys("merchants"),
            "play_here": self._keys("plays"),
            "goal": self._keys("goals"),
            "content": self._keys("content"),
            "task": [id for id in ids if isinstance(id, str)],
        }
        if facts.people is not None:
            self.names["person"] = sorted(facts.people)

    def _keys(self, section: str) -> list[str]:
        found = self.raw.get(section)
        return list(found) if isinstance(found, dict) else []

    def sections(self) -> dict[str, Any]:
        """Section by section, without what was lost; what later ones need is kept on the way."""
        kind = grammar.table(Document)
        self.unknown(kind, self.raw, ())
        done: dict[str, Any] = {}
        for field in kind.fields:
            if field.name == "phases":
                self.days = self.from_live()
            found = self.field(field, self.raw, ())
            if not isinstance(found, Lost):
                done[field.name] = found
            match field.name:
                case "zone":
                    done["zone"] = self.zone(done.get("zone", ""))
                case "currency":
                    done["currency"] = self.currency = self.money(done.get("currency", ""))
                case "phases":
                    phases = done.get("phases")
                    zone = ZoneInfo(done["zone"])
                    self.days = Days(zone, dict(phases.each())) if isinstance(phases, Phases) else None
                case "products":
                    self.products = done.get("products", {})
                case "risk":
                    self.risk = done.get("risk", Risk())
                case "stacking":
                    self.stacking = options(done.get("stacking"), done.get("strategy"))
        if not self.raw.get("plays"):
            self.problems.add((), "no_plays")
        return done

    def zone(self, written: str) -> str:
        """The zone's name; times are read in it from here on."""
        if written and written not in _zones():
            near = get_close_matches(written, sorted(_zones()), n=1) or ["Asia/Shanghai"]
            self.problems.add(("zone",), "unknown_zone", value=values.shown(written), known=near[0])
            written = ""
        zone = written or self.facts.zone
        self.days = Days(ZoneInfo(zone), {})
        return zone

    def from_live(self) -> Days | None:
        """For the phases themselves: the others may be written from `live`, as "live - 5 days"."""
        phases = self.raw.get("phases")
        live = phases.get("live") if isinstance(phases, dict) else None
        if self.days is None or not isinstance(live, str | date):
            return self.days
        try:
            return Days(self.days.zone, {"live": self.days.instant(live)})
        except Unreadable:  # said where the phases are read
            return self.days

    def money(self, written: str) -> str:
        """The currency's code."""
        if written and written not in list_currencies():
            self.problems.add(("currency",), "unknown_currency", value=values.shown(written))
            written = ""
        return written or self.facts.currency

    def ware(self, raw: Any, path: Path) -> Any:
        """The product, put together from the document and the shop; what is missing there the preflight says."""
        if not isinstance(raw, str):
            raise values.misfit(Ware(), raw)
        name = self.refer("product", raw, path)
        entry = None if isinstance(name, Lost) else self.products.get(name)
        if entry is None:
            return LOST
        sku = entry.sku or raw
        shop = (self.facts.products or {}).get(sku) or ShopProduct(
            sku=sku, title=Text(raw, raw), currency=self.currency
        )
        ours = shop.currency == self.currency
        list_price = shop.list_price_minor if entry.price_minor is None and ours else entry.price_minor
        if list_price is None:
            return LOST
        return Product(
            name=raw,
            sku=sku,
            title=entry.title or shop.title,
            list_price_minor=list_price,
            cost_minor=shop.cost_minor if entry.cost_minor is None and ours else entry.cost_minor,
        )

    def promotions(self) -> Words:
        """Products that are whole, by name; what is missing of the others `check` says."""
        wares = {name: self.ware(name, ("products", name)) for name in self.products}
        found = {name: ware for name, ware in wares.items() if not isinstance(ware, Lost)}
        zone = self.days.zone.key if self.days else self.facts.zone
        not_whole = frozenset(wares) - frozenset(found)
        return Words(self.currency, found, tuple(self.names["audience"]), self.days, zone, not_whole)

    # -- plays ------------------------------------------------------------------------------------------------------------

    def play(self, raw: Any, path: Path) -> Any:
        """A play's table: some keys are the head's, some its `Rules`', a few both's."""
        if not isinstance(raw, dict):
            raise values.misfit(PlaysHere(), raw)
        head_kind, module = grammar.table(Head), self.module(raw.get("play"), path)
        if module is None:
            self.fields(head_kind, raw, path, {})
            return LOST
        rules_kind = grammar.rules(module)
        self.unknown(head_kind, raw, path, rules_kind)
        head = self.fields(head_kind, raw, path, {})
        if isinstance(head, Lost) or self.days is None:
            self.fields(rules_kind, raw, path, self.filled(module, path, Span(0, 0)))
            return LOST
        wrap_up_ms, live_ms = self.days.phases["wrap_up"], self.days.phases["live"]
        span = Span(
            live_ms if head.opens_ms is None else head.opens_ms,
            wrap_up_ms if head.closes_ms is None else head.closes_ms,
        )
        if head.title is None:
            head = replace(head, title=module.TITLE)
        rules = self.fields(rules_kind, raw, path, self.filled(module, path, span))
        return PlayTable(head=head, span=span, rules=None if isinstance(rules, Lost) else rules)

    def module(self, name: Any, path: Path) -> Play | None:
        if not isinstance(name, str):
            return None  # missing or not a text: the head says so
        try:
            return plays.find(name)
        except KeyError:
            known = suggest(name, plays.names())
            self.problems.add((*path, "play"), "unknown_play", value=values.shown(name), known=known)
            return None

    def filled(self, module: Play, path: Path, span: Span) -> dict[str, Any]:
        """What the campaign knows and the play's `Rules` ask for."""
        filled: dict[str, Any] = {
            "id": f"{self.raw.get('campaign')}/{path[-1]}",
            "currency": self.currency,
            "opens_ms": span.start_ms,
            "ends_ms": span.end_ms,
            "identities": self.risk.identities,
            "refund": self.risk.refund,
            "stacking": self.stacking,
            "zone": self.days.zone.key if self.days else self.facts.zone,
        }
        if "titles" in module.Rules.__struct_fields__:
            wares = self.promotions().products.values()
            filled["titles"] = {ware.sku: ware.title for ware in wares}
            filled["floors"] = {
                written.sku or name: written.min_price_minor
                for name, written in self.products.items()
                if written.min_price_minor
            }
            filled["costs"] = {ware.sku: ware.cost_minor for ware in wares if ware.cost_minor is not None}
        return {name: filled[name] for name in module.Rules.__struct_fields__ if name in filled}


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
