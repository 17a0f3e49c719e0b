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
from typing import Any, Final, assert_never
from zoneinfo import ZoneInfo, available_timezones

from babel.numbers import list_currencies
from msgspec import Struct
from msgspec.structs import replace

from miaohui import plays
from miaohui.campaign import check, grammar, values
from miaohui.campaign.document import NOT_RUN, Document
from miaohui.campaign.facts import Facts, ShopProduct
from miaohui.campaign.grammar import (
    Amount,
    Both,
    Choice,
    Frequency,
    Gifts,
    Instant,
    Kind,
    Many,
    Named,
    Number,
    Off,
    Percent,
    PlaysHere,
    Table,
    Valid,
    Ware,
    Whole,
    Window,
    Words,
    YesNo,
)
from miaohui.campaign.offer import Head, Merchandise, PlayTable
from miaohui.campaign.phases import Phases
from miaohui.campaign.places import Path, Place, places
from miaohui.campaign.problem import Problem, Problems, stops
from miaohui.campaign.sentences import CODES
from miaohui.campaign.times import Days, Unreadable
from miaohui.campaign.work import Risk
from miaohui.plays._contract import Play
from miaohui.plays._fields import Given, Product, Span, Validity
from miaohui.text import Text

EVERYBODY = "everybody"


class Read(Struct, frozen=True):
    """What a text holds."""

    document: Document | None
    problems: list[Problem]

    @property
    def sound(self) -> bool:
        """Whether it is a document that may be submitted."""
        return self.document is not None and not stops(self.problems)


def read(text: str, facts: Facts = Facts()) -> Read:
    """Read and check `text`; `facts` is the world it is compared with."""
    try:
        raw = tomllib.loads(text, parse_float=_decimal)
    except (ValueError, RecursionError) as error:
        return Read(None, [_syntax(text, str(error))])
    problems = Problems(places(text))
    document = _Reader(raw, facts, problems).document()
    if document is not None:
        for finding in check.run(document, facts):
            problems.add(finding.path, finding.code, **finding.data)
    return Read(document, problems.all())


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


class _Lost:
    """What could not be read; the problem is noted."""


LOST: Final = _Lost()


class _Reader:
    def __init__(self, raw: dict[str, Any], facts: Facts, problems: Problems) -> None:
        self.raw, self.facts, self.problems = raw, facts, problems
        self.currency = facts.currency
        self.days: Days | None = Days(ZoneInfo(facts.zone), {})
        self.products: Mapping[str, Merchandise] = {}
        self.risk = Risk()
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

    def document(self) -> Document | None:
        """Section by section; what later ones need is kept on the way."""
        kind = grammar.table(Document)
        self.unknown(kind, self.raw, ())
        done: dict[str, Any] = {}
        for field in kind.fields:
            found = self.field(field, self.raw, ())
            if not isinstance(found, _Lost):
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
        for section in NOT_RUN:
            if section in self.raw:
                self.problems.add((section,), "not_run_yet", key=section)
        if not self.raw.get("plays"):
            self.problems.add((), "no_plays")
        if any(field.required and field.name not in done for field in kind.fields):
            return None
        return Document(**done)

    def zone(self, written: str) -> str:
        """The zone's name; times are read in it from here on."""
        if written and written not in _zones():
            near = get_close_matches(written, sorted(_zones()), n=1) or ["Asia/Shanghai"]
            self.problems.add(("zone",), "unknown_zone", value=values.shown(written), known=near[0])
            written = ""
        zone = written or self.facts.zone
        self.days = Days(ZoneInfo(zone), {})
        return zone

    def money(self, written: str) -> str:
        """The currency's code."""
        if written and written not in list_currencies():
            self.problems.add(("currency",), "unknown_currency", value=values.shown(written))
            written = ""
        return written or self.facts.currency

    # -- tables -----------------------------------------------------------------------------------------------------------

    def field(self, field: grammar.Field, raw: Mapping[str, Any], path: Path) -> Any:
        """The field's value, its default, or LOST."""
        if field.key in raw:
            return self.value(field.kind, raw[field.key], (*path, field.key))
        if not field.required:
            return field.default
        self.problems.add(path, "missing_key", key=field.key, expected=grammar.expected(field.kind))
        return LOST

    def unknown(self, kind: Table, raw: Mapping[str, Any], path: Path, *others: Table) -> None:
        """Report keys that no field of `kind` or `others` has."""
        known = [field.key for table in (kind, *others) for field in table.fields]
        for key in raw:
            if key not in known:
                self.problems.add((*path, key), "unknown_key", key=key, known=_suggest(key, known))

    def fields(self, kind: Table, raw: Mapping[str, Any], path: Path, given: Mapping[str, Any]) -> Any:
        """`kind.cls` from `raw` and what is given; a Struct that checks itself is not made from parts that were lost."""
        done, whole = dict(given), True
        for field in kind.fields:
            found = self.field(field, raw, path)
            if not isinstance(found, _Lost):
                done[field.name] = found
            elif field.required or hasattr(kind.cls, "__post_init__"):
                whole = False
        if not whole:
            return LOST
        try:
            return kind.cls(**done)
        except ValueError as refused:
            self.problems.add(path, "rules_refused", value=str(refused))
            return LOST

    def table(self, kind: Table, raw: Any, path: Path) -> Any:
        if not isinstance(raw, dict):
            raise values.misfit(kind, raw)
        self.unknown(kind, raw, path)
        return self.fields(kind, raw, path, {})

    def many(self, kind: Many, raw: Any, path: Path) -> Any:
        if not isinstance(raw, list):
            raise values.misfit(kind, raw)
        if len(raw) < kind.fewest:
            raise Unreadable("too_few", key=str(path[-1]), limit=str(kind.fewest))
        found = [self.value(kind.of, element, (*path, n)) for n, element in enumerate(raw)]
        return tuple(element for element in found if not isinstance(element, _Lost))

    def named(self, kind: Named, raw: Any, path: Path) -> Any:
        if not isinstance(raw, dict):
            raise values.misfit(kind, raw)
        done = {}
        for key, element in raw.items():
            if kind.keys.refers:
                self.refer(kind.keys.refers, key, (*path, key))
            elif kind.keys.pattern and not re.search(kind.keys.pattern, key):
                self.problems.add((*path, key), "bad_name", value=values.shown(key), limit="64")
                continue
            found = self.value(kind.of, element, (*path, key))
            if not isinstance(found, _Lost):
                done[key] = found
        return done

    # -- values -----------------------------------------------------------------------------------------------------------

    def value(self, kind: Kind, raw: Any, path: Path) -> Any:
        """What `raw` means, or LOST with the problem noted."""
        try:
            return self.meant(kind, raw, path)
        except Unreadable as problem:
            self.problems.add(path, problem.code, **problem.data)
            return LOST

    def meant(self, kind: Kind, raw: Any, path: Path) -> Any:
        match kind:
            case Words():
                return self.refer(kind.refers, values.words(kind, raw), path)
            case Whole():
                return values.whole(kind, raw)
            case Number():
                return values.number(kind, raw)
            case Amount():
                return values.amount(kind, raw, self.currency)
            case Percent():
                return values.percent(kind, raw)
            case YesNo():
                return values.yes_no(kind, raw)
            case Choice():
                return values.choice(kind, raw)
            case Off():
                return values.offer(kind, raw, self.currency)
            case Frequency():
                return values.rate(kind, raw)
            case Instant():
                return self.instant(raw)
            case Window():
                return self.window(raw)
            case Both():
                return self.both(raw, path)
            case Ware():
                return self.ware(raw, path)
            case Valid():
                return self.valid(raw, path)
            case Gifts():
                return self.gifts(raw, path)
            case PlaysHere():
                return self.play(raw, path)
            case Many():
                return self.many(kind, raw, path)
            case Named():
                return self.named(kind, raw, path)
            case Table():
                return self.table(kind, raw, path)
        assert_never(kind)

    def refer(self, refers: str, name: str, path: Path) -> Any:
        """`name`, if it refers to nothing or to something that is there."""
        if not refers or not name or name in self.names.get(refers, [name]):
            return name
        code = f"unknown_{refers}"
        self.problems.add(path, code, value=values.shown(name), known=_suggest(name, self.names[refers]))
        return LOST if CODES[code].level == "stop" else name

    def instant(self, raw: Any) -> Any:
        if self.days is None:
            return LOST
        if not isinstance(raw, str | date):
            raise values.misfit(Instant(), raw)
        return self.days.instant(raw)

    def window(self, raw: Any) -> Any:
        if self.days is None:
            return LOST
        if not isinstance(raw, str):
            raise values.misfit(Window(), raw)
        return self.days.window(raw)

    def both(self, raw: Any, path: Path) -> Any:
        if not isinstance(raw, dict):
            raise values.misfit(Both(), raw)
        self.unknown(grammar.table(Text), raw, path)
        missing = False
        for language, name in (("zh", Text(zh="中文", en="Chinese")), ("en", Text(zh="英文", en="English"))):
            written = raw.get(language)
            if written is None or (isinstance(written, str) and not written.strip()):
                self.problems.add(path, "missing_language", key=str(path[-1]), language=name)
                missing = True
            elif not isinstance(written, str):
                raise values.misfit(Both(), written)
        return LOST if missing else Text(zh=raw["zh"], en=raw["en"])

    def ware(self, raw: Any, path: Path) -> Any:
        """The product, put together from the document and the shop; what is missing there `check` says."""
        if not isinstance(raw, str):
            raise values.misfit(Ware(), raw)
        name = self.refer("product", raw, path)
        entry = None if isinstance(name, _Lost) else self.products.get(name)
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

    def valid(self, raw: Any, path: Path) -> Any:
        if not isinstance(raw, dict):
            raise values.misfit(Valid(), raw)
        for key in raw:
            if key not in ("from", "days"):
                known = _suggest(key, ["from", "days"])
                self.problems.add((*path, key), "unknown_key", key=key, known=known)
        if "days" not in raw:
            raise Unreadable("missing_key", key="days", expected=grammar.expected(Whole()))
        days = self.value(Whole(1, 3660), raw["days"], (*path, "days"))
        start = raw.get("from", "claim")
        from_ms = None if start == "claim" else self.value(Instant(), start, (*path, "from"))
        return LOST if isinstance(days, _Lost) or isinstance(from_ms, _Lost) else Validity(days, from_ms)

    def gifts(self, raw: Any, path: Path) -> Any:
        if not isinstance(raw, dict):
            raise values.misfit(Gifts(), raw)
        if not raw:
            raise Unreadable("too_few", key=str(path[-1]), limit="1")
        done = []
        for name, written in raw.items():
            audience = self.refer("audience", name, (*path, name))
            offer = self.value(Off(), written, (*path, name))
            if not isinstance(audience, _Lost) and not isinstance(offer, _Lost):
                done.append(Given(name, offer))
        return tuple(done) if len(done) == len(raw) else LOST

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
        if isinstance(head, _Lost) or self.days is None:
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
        return PlayTable(head=head, span=span, rules=None if isinstance(rules, _Lost) else rules)

    def module(self, name: Any, path: Path) -> Play | None:
        if not isinstance(name, str):
            return None  # missing or not a text: the head says so
        try:
            return plays.find(name)
        except KeyError:
            known = _suggest(name, plays.names())
            self.problems.add((*path, "play"), "unknown_play", value=values.shown(name), known=known)
            return None

    def filled(self, module: Play, path: Path, span: Span) -> dict[str, Any]:
        """What the campaign knows and the play's `Rules` ask for."""
        filled = {
            "id": f"{self.raw.get('campaign')}/{path[-1]}",
            "currency": self.currency,
            "opens_ms": span.start_ms,
            "ends_ms": span.end_ms,
            "identities": self.risk.identities,
        }
        return {name: filled[name] for name in module.Rules.__struct_fields__ if name in filled}


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _suggest(word: str, names: list[str]) -> Text:
    """The name that was perhaps meant, else all there are."""
    near = get_close_matches(word, names, n=1)
    if near:
        return Text(zh=f"是不是 {near[0]}？", en=f"Did you mean {near[0]}?")
    if not names:
        return Text(zh="这里还没有任何名称", en="There is nothing of that kind yet: write it first, or leave this out")
    return Text(zh="可用的有：" + "、".join(names), en="There are: " + ", ".join(names))
