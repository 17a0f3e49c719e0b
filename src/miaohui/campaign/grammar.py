"""How the types of a document are written. The reader, the writer, the JSON Schema and the reference page all follow this.

A `Table` is a Struct; each of its fields has a key (the name without `_minor`, `_ppm`, `_ms`), a kind, a sentence and perhaps a
default. The kinds are few, and a new play needs none of its own: its `Rules` are a table like any section.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from msgspec import NODEFAULT, Struct
from msgspec import inspect as types

from miaohui.campaign.offer import PlayTable, Rate
from miaohui.plays._contract import Play
from miaohui.plays._fields import Given, Offer, Product, Span, Validity
from miaohui.pricing.conditions import Condition, Scope
from miaohui.pricing.effects import Effect
from miaohui.text import Text

FILLED = (
    "id",
    "currency",
    "opens_ms",
    "ends_ms",
    "identities",
    "refund",
    "stacking",
    "zone",
    "titles",
    "costs",
    "floors",
)
"""Fields of a play's `Rules` that the campaign fills in."""


class Words(Struct, frozen=True):
    """Text for us; `refers` says what it must name."""

    pattern: str = ""
    shortest: int = 0
    refers: str = ""


class Whole(Struct, frozen=True):
    """A whole number."""

    least: int | None = None
    most: int | None = None


class Number(Struct, frozen=True):
    """A decimal, 0 or more, in the unit of whatever it measures."""


class Amount(Struct, frozen=True):
    """Money, written as a decimal in the campaign's currency; limits in minor units."""

    least: int | None = None
    most: int | None = None


class Percent(Struct, frozen=True):
    """A percentage; limits in millionths."""

    least: int | None = None
    most: int | None = None


class YesNo(Struct, frozen=True):
    """true or false."""


class Choice(Struct, frozen=True):
    """One of a few words."""

    options: tuple[str, ...]


class Instant(Struct, frozen=True):
    """A date, a time, a phase: see `times`."""


class Window(Struct, frozen=True):
    """ "live 20:00 for 30 minutes"."""


class Both(Struct, frozen=True):
    """What customers read: { zh = "...", en = "..." }."""


class Ware(Struct, frozen=True):
    """A name of [products], become the product."""


class Off(Struct, frozen=True):
    """ "40.00 off 199.00"."""


class Frequency(Struct, frozen=True):
    """ "20 per 10 s"."""


class Valid(Struct, frozen=True):
    """{ from = "warm_up", days = 7 }."""


class Gifts(Struct, frozen=True):
    """audience = offer, the first match wins."""


class Gives(Struct, frozen=True):
    """ "20.00 off 100.00": see `promotion_gives`."""


class When(Struct, frozen=True):
    """ "spend 100.00": see `promotion_when`."""


class Covers(Struct, frozen=True):
    """["tea", "category snacks"]: see `promotion_words`."""


class PlaysHere(Struct, frozen=True):
    """A play's table: the head, and the `Rules` of the module it names."""


class Many(Struct, frozen=True):
    """An array."""

    of: "Kind"
    fewest: int = 0


class Named(Struct, frozen=True):
    """A table whose keys are names that the operator gives, or (`refers`) names of something."""

    of: "Kind"
    keys: Words


class Table(Struct, frozen=True):
    """A table with known keys."""

    cls: type[Struct]
    fields: tuple["Field", ...]

    def field(self, key: str) -> "Field | None":
        """The field that is written as `key`."""
        return next((field for field in self.fields if field.key == key), None)


Kind = (
    Words | Whole | Number | Amount | Percent | YesNo | Choice | Instant | Window | Both | Ware | Off | Frequency | Valid
    | Gifts | Gives | When | Covers | PlaysHere | Many | Named | Table
)  # fmt: skip


class Field(Struct, frozen=True, kw_only=True):
    """One field: `name` in the Struct, `key` in the document."""

    name: str
    key: str
    kind: Kind
    required: bool
    default: Any
    sentence: Text | None


_BY_CLASS: dict[type, Kind] = {
    Text: Both(),
    Product: Ware(),
    Offer: Off(),
    Span: Window(),
    Validity: Valid(),
    Rate: Frequency(),
    PlayTable: PlaysHere(),
    Scope: Covers(),
}
_SPOKEN: dict[type[Struct], Kind] = {Effect: Gives(), Condition: When()}
"""What is written as a text although it is one of several Structs."""
_ENDINGS = ("_minor", "_ppm", "_ms")


@cache
def table(cls: type[Struct]) -> Table:
    """How `cls` is written."""
    info = types.type_info(cls)
    assert isinstance(info, types.StructType), cls
    return Table(cls, tuple(_field(field, {}) for field in info.fields))


def rules(module: Play) -> Table:
    """How the `Rules` of a play are written; what the campaign fills in is not."""
    info = types.type_info(module.Rules)
    assert isinstance(info, types.StructType), module.Rules
    fields = (_field(field, module.LABELS) for field in info.fields if field.name not in FILLED)
    return Table(module.Rules, tuple(fields))


def _field(field: types.Field, labels: Mapping[str, Text]) -> Field:
    key = next((field.encode_name.removesuffix(end) for end in _ENDINGS if field.name.endswith(end)), field.encode_name)
    default = field.default_factory() if field.default_factory is not NODEFAULT else field.default
    return Field(
        name=field.name,
        key=key,
        kind=_kind(field.type, field.name),
        required=field.required,
        default=None if default is NODEFAULT else default,
        sentence=_sentence(field.type, labels.get(field.name)),
    )


def _sentence(kind: types.Type, label: Text | None) -> Text | None:
    """The field's own sentence; a play labels its fields in both languages and may describe them in English."""
    said = (
        kind.extra_json_schema.get("description")
        if isinstance(kind, types.Metadata) and kind.extra_json_schema
        else None
    )
    if label is not None:
        return Text(zh=label.zh, en=said or label.en)
    return Text(zh=kind.extra["zh"], en=said) if isinstance(kind, types.Metadata) and kind.extra and said else None


def _kind(kind: types.Type, name: str) -> Kind:
    match kind:
        case types.Metadata(type=inner):
            found = _kind(inner, name)
            refers = (kind.extra or {}).get("refers", "")
            return Words(found.pattern, found.shortest, refers) if refers and isinstance(found, Words) else found
        case types.UnionType(types=members) if (spoken := _spoken(members)) is not None:
            return spoken
        case types.UnionType(types=members):
            (member,) = (m for m in members if not isinstance(m, types.NoneType))
            return _kind(member, name)
        case types.StrType():
            return Words(kind.pattern or "", kind.min_length or 0)
        case types.IntType():
            return _number(kind, name)
        case types.DecimalType():
            return Number()
        case types.BoolType():
            return YesNo()
        case types.LiteralType(values=values):
            return Choice(tuple(str(value) for value in values))
        case types.VarTupleType(item_type=types.StructType(cls=cls)) if cls is Given:
            return Gifts()
        case types.VarTupleType(item_type=item):
            return Many(_kind(item, name), kind.min_length or 0)
        case types.DictType(key_type=keys, value_type=value):
            words = _kind(keys, "")
            assert isinstance(words, Words), keys
            return Named(_kind(value, name), words)
        case types.StructType(cls=cls):
            return _BY_CLASS.get(cls) or table(cls)
    raise AssertionError(f"{name}: {kind} cannot stand in a document; see plays/_fields.py for what can")


def _spoken(members: tuple[types.Type, ...]) -> Kind | None:
    """The kind of a union of Structs that all are effects, or conditions."""
    classes = [member.cls for member in members if isinstance(member, types.StructType)]
    return next(
        (
            k
            for base, k in _SPOKEN.items()
            if len(classes) == len(members) and all(issubclass(c, base) for c in classes)
        ),
        None,
    )


def _number(kind: types.IntType, name: str) -> Kind:
    least = kind.ge if kind.ge is not None else None if kind.gt is None else kind.gt + 1
    most = kind.le if kind.le is not None else None if kind.lt is None else kind.lt - 1
    if name.endswith("_minor"):
        return Amount(least, most)
    if name.endswith("_ppm"):
        return Percent(least, most)
    return Instant() if name.endswith("_ms") else Whole(least, most)


def expected(kind: Kind) -> Text:
    """What an operator should write for `kind`."""
    match kind:
        case Words(refers=refers) if refers:
            return _REFERENCES[refers]
        case Choice(options=options):
            return Text(
                zh="以下之一：" + "、".join(o for o in options if o), en="one of " + ", ".join(o for o in options if o)
            )
        case Many(of=of):
            inner = expected(of)
            return Text(zh=f"[…] 数组，每项为{inner.zh}", en=f"[...], an array, each element {inner.en}")
        case _:
            return _EXPECTED[type(kind)]


_REFERENCES = {
    "person": Text(zh="团队成员的登录名", en="the log-in name of an operator"),
    "audience": Text(zh="[audiences] 里的名称", en="a name of [audiences]"),
    "product": Text(zh="[products] 里的名称", en="a name of [products]"),
    "play_here": Text(zh="[plays] 里的名称", en="a name of [plays]"),
    "goal": Text(zh="[goals] 里的名称", en="a name of [goals]"),
    "content": Text(zh="[content] 里的名称", en="a name of [content]"),
    "merchant": Text(zh="[merchants] 里的名称", en="a name of [merchants]"),
    "task": Text(zh="任务的 id", en="the id of a task"),
}
_EXPECTED: dict[type, Text] = {
    Words: Text(zh="一段文字，加引号", en='a text in quotes: "..."'),
    Whole: Text(zh="整数", en="a whole number"),
    Number: Text(zh="数字", en="a number"),
    Amount: Text(zh="金额，如 99.00", en="an amount such as 99.00"),
    Percent: Text(zh="百分比，如 2.5", en="a percentage such as 2.5"),
    YesNo: Text(zh="true 或 false", en="true or false"),
    Instant: Text(zh="时间，如 2026-09-20T20:00:00", en='a time such as 2026-09-20T20:00:00, "live 20:00"'),
    Window: Text(zh="时段，如 \"live 20:00 for 30 minutes\"", en='a window such as "live 20:00 for 30 minutes"'),
    Both: Text(zh="中英文 { zh = \"…\", en = \"…\" }", en='both languages, { zh = "...", en = "..." }'),
    Ware: Text(zh="[products] 里的名称", en="a name of [products]"),
    Off: Text(zh="优惠，如 \"40.00 off 199.00\"", en='an offer such as "40.00 off 199.00"'),
    Frequency: Text(zh="频率，如 \"20 per 10 s\"", en='a rate such as "20 per 10 s"'),
    Valid: Text(zh="有效期，如 { from = \"warm_up\", days = 7 }", en='a validity such as { from = "warm_up", days = 7 }'),
    Gifts: Text(zh="每个人群一个优惠 { vip = \"4.00 off 19.00\" }", en='an offer for each audience, { vip = "4.00 off 19.00" }'),
    Gives: Text(zh="优惠，如 \"20.00 off 100.00\"", en='what it gives, such as "20.00 off 100.00"'),
    When: Text(zh="条件，如 \"spend 100.00\"", en='a condition such as "spend 100.00"'),
    Covers: Text(zh="商品范围，如 [\"tea\", \"category snacks\"]", en='products such as ["tea", "category snacks"]'),
    PlaysHere: Text(zh="玩法 [plays.<名称>]", en="a play, [plays.<name>]"),
    Named: Text(zh="一个表：名称 = 值", en="a table: name = value"),
    Table: Text(zh="一个表 { … }", en="a table, { ... }"),
}  # fmt: skip


def decimal_of_percent(ppm: int) -> Decimal:
    """A percentage in millionths as it is written: 25_000 is 2.5."""
    return Decimal(ppm) / 10_000
