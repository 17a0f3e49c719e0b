"""Document -> text: what `reader` reads as the same document. Editors keep the operator's own text; this writes documents that
were made by a program: imported campaigns, templates, the demo's."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import tomlkit
from msgspec import Struct
from tomlkit.items import InlineTable

from miaohui import plays
from miaohui.campaign import grammar, promotion_gives, promotion_when
from miaohui.campaign.document import Document
from miaohui.campaign.grammar import (
    Amount,
    Both,
    Covers,
    Frequency,
    Gifts,
    Gives,
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
    When,
    Window,
)
from miaohui.campaign.offer import Head, PlayTable
from miaohui.campaign.promotion_words import Words
from miaohui.campaign.times import Days
from miaohui.money import Money
from miaohui.plays._fields import Offer, Product, Span


def write(document: Document) -> str:
    """`document` as TOML."""
    return tomlkit.dumps(_Writer(document).table(grammar.table(Document), document))


class _Writer:
    def __init__(self, document: Document) -> None:
        self.currency = document.currency
        self.days = Days(ZoneInfo(document.zone), {})
        wares = {
            name: Product(name, entry.sku or name, entry.title or document.name, entry.price_minor or 0)
            for name, entry in document.products.items()
        }
        self.words = Words(self.currency, wares, (), self.days, document.zone)

    def table(self, kind: Table, value: Struct) -> dict[str, Any]:
        """Field by field; what is as if it had not been written is left out."""
        done = {}
        for field in kind.fields:
            content = getattr(value, field.name)
            if content is not None and (field.required or content != field.default):
                done[field.key] = self.value(field.kind, content)
        return done

    def value(self, kind: Kind, value: Any) -> Any:
        match kind:
            case Amount():
                return self.amount(value)
            case Percent():
                return _plain(grammar.decimal_of_percent(value))
            case Number():
                return _plain(value)
            case Instant():
                return self.days.written(value)
            case Window():
                return self.window(value)
            case Both():
                return _inline({"zh": value.zh, "en": value.en})
            case Ware():
                return value.name
            case Off():
                return self.offer(value)
            case Frequency():
                return f"{value.count} per {value.seconds} s"
            case Valid():
                start = "claim" if value.from_ms is None else self.days.written(value.from_ms)
                return _inline({"from": start, "days": value.days})
            case Gifts():
                return _inline({given.audience: self.offer(given.offer) for given in value})
            case Gives():
                return promotion_gives.write(value, self.words)
            case When():
                return promotion_when.write(value, self.words)
            case Covers():
                return self.words.scope_written(value)
            case PlaysHere():
                return self.play(value)
            case Many():
                return [self.value(kind.of, element) for element in value]
            case Named():
                return {key: self.value(kind.of, element) for key, element in value.items()}
            case Table():
                return self.table(kind, value)
        return value

    def play(self, play: PlayTable) -> dict[str, Any]:
        """The head's keys, then those of the rules."""
        assert play.rules is not None, "a play without its rules cannot be written"
        rules = grammar.rules(plays.find(play.head.play))
        return self.table(rules, play.rules) | self.table(grammar.table(Head), play.head)

    def amount(self, minor: int) -> Any:
        return _plain(Money(minor, self.currency).decimal())

    def offer(self, offer: Offer) -> str:
        off = f"{Money(offer.amount_minor, self.currency).decimal()} off"
        threshold = Money(offer.threshold_minor, self.currency).decimal()
        return f"{off} {threshold}" if offer.threshold_minor else off

    def window(self, span: Span) -> str:
        minutes, rest = divmod(span.end_ms - span.start_ms, 60_000)
        assert not rest, span
        return f"{self.days.written(span.start_ms)} for {minutes} minutes"


def _plain(number: Decimal) -> Any:
    """A decimal that keeps its digits: tomlkit would write a float."""
    return tomlkit.value(f"{number:f}")


def _inline(values: Mapping[str, Any]) -> InlineTable:
    table = tomlkit.inline_table()
    table.update(values)
    return table
