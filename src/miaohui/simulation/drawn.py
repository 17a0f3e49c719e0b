"""Rules and actions of any play, drawn from the types of their fields: a new play is simulated because it is there.

A number is small more often than large, so that stocks run out and limits are met; an optional or defaulted field keeps its
default more often than not, one deeper down mostly. What `Rules` refuses (ValueError) is drawn again.
"""

from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import Any

import msgspec
from msgspec import Struct
from msgspec import inspect as types

from miaohui.plays._fields import Given, Offer, Product, Span, Validity
from miaohui.text import Text

TRIES = 500
WORD = "tea"
"""Every text that means nothing here: a code, a group, a category."""
_MINUTE, _DAY = 60_000, 86_400_000


class Drawer:
    """Draws values. `products` and `audiences` are the world's; a play runs in [opens_ms, ends_ms)."""

    def __init__(
        self, chance: Random, products: list[Product], audiences: list[str], opens_ms: int, ends_ms: int
    ) -> None:
        self.chance, self.products, self.audiences = chance, products, audiences
        self.opens_ms, self.ends_ms = opens_ms, ends_ms

    def rules(self, cls: type[Struct], **given: Any) -> Any:
        """A version of `cls` that it accepts; `given` are the fields that the campaign fills in."""
        for _ in range(TRIES):
            try:
                return cls(**self.fields(cls, given, self._text, 0.4))
            except ValueError:
                continue
        raise AssertionError(f"{cls.__module__}.{cls.__name__}: {TRIES} drawn versions were refused")

    def _text(self, name: str) -> str:
        return self.chance.choice(self.products).sku if "sku" in name else {"zone": "UTC"}.get(name, WORD)

    def fields(
        self, cls: type[Struct], given: Mapping[str, Any], text: Callable[[str], str], share: float = 0.1
    ) -> dict[str, Any]:
        """A value for each field of `cls`, of those that have a default only for a `share`; `text` gives texts by name."""
        values = {}
        for field in _fields(cls):
            if field.name in given:
                values[field.name] = given[field.name]
            elif field.required or self.chance.random() < share:
                values[field.name] = self._value(field, field.type, text)
        return values

    def _value(self, field: types.Field, of: types.Type, text: Callable[[str], str]) -> Any:
        chance = self.chance
        match of:
            case types.Metadata(type=inner):
                return self._value(field, inner, text)
            case types.IntType():
                return self._number(field, of)
            case types.BoolType():
                return chance.random() < 0.5
            case types.LiteralType(values=values):
                return chance.choice(values)
            case types.StrType():
                return text(field.name)
            case types.UnionType(types=members):
                return self._value(field, chance.choice(members), text)
            case types.NoneType():
                return None
            case types.VarTupleType(item_type=types.StructType(cls=cls)) if cls is Span:
                return self._spans()
            case types.VarTupleType(item_type=item) | types.ListType(item_type=item):
                drawn = [self._value(field, item, text) for _ in range(chance.randint(1, 3))]
                return tuple(drawn) if isinstance(of, types.VarTupleType) else drawn
            case types.DictType(key_type=key, value_type=value):
                return {self._value(field, key, text): self._value(field, value, text)}
            case types.StructType(cls=cls):
                return self._struct(cls, text)
        raise AssertionError(f"{field.name}: the simulation cannot draw {of}")

    def _struct(self, cls: type, text: Callable[[str], str]) -> Any:
        chance = self.chance
        if cls is Product:
            return chance.choice(self.products)
        if cls is Offer:
            return Offer(chance.randint(1, 1500), chance.choice((0, 0, chance.randint(500, 9000))))
        if cls is Given:
            return Given(chance.choice([*self.audiences, "everybody"]), self._struct(Offer, text))
        if cls is Span:
            return self._spans()[0]
        if cls is Validity:
            return Validity(chance.randint(1, 3), chance.choice((None, self.opens_ms)))
        if cls is Text:
            return Text("茶", "tea")
        return cls(**self.fields(cls, {}, text))

    def _number(self, field: types.Field, of: types.IntType) -> int:
        chance = self.chance
        low = of.ge if of.ge is not None else (of.gt + 1 if of.gt is not None else 0)
        high = of.le if of.le is not None else (of.lt - 1 if of.lt is not None else 10**9)
        if field.name.endswith("_minor"):
            return chance.randint(low, min(high, low + 6000))
        if field.name.endswith("_ppm"):
            return chance.randint(low, min(high, 1_000_000))
        if field.name.endswith("_ms"):
            return chance.randint(self.opens_ms, self.ends_ms)
        most = low + (4 if not field.required else chance.choice((10, 50, 400)))
        return chance.randint(low, min(high, most))

    def _spans(self) -> tuple[Span, ...]:
        """One to four spans in the play's window that do not overlap."""
        points = range(self.opens_ms, self.ends_ms, max(_MINUTE, (self.ends_ms - self.opens_ms) // 200))
        cuts = sorted(self.chance.sample(points, 2 * self.chance.randint(1, 4)))
        return tuple(Span(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=True))


@cache
def _fields(cls: type[Struct]) -> tuple[types.Field, ...]:
    info = types.type_info(cls)
    assert isinstance(info, types.StructType)
    return info.fields


def plain(value: Any) -> Any:
    """A struct as dicts, lists and numbers, for whoever must not know its class."""
    return msgspec.to_builtins(value)
