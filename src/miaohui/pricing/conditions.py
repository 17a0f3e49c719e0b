"""What must hold before a promotion gives anything. All conditions of a promotion must hold; `AnyOf` and `Not` combine.

On the wire each is an object whose `if` names it: `{"if": "spend", "at_least_minor": 19900}`.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Op = Literal["in", "not_in", "more_than", "at_least", "less_than", "at_most"]


class Where(Struct, frozen=True):
    """An attribute compared with `values`: one of them, none of them, or (as a number) with the first."""

    attribute: str
    values: tuple[str, ...]
    op: Op = "in"


class Scope(Struct, frozen=True, kw_only=True):
    """Which units are meant; empty: all of them. `skus` and `categories`: any of; both given: both must fit.

    `where` looks at the line's attributes, and at its `quantity`, `unit_price_minor` and `subtotal_minor`. The price range is
    that of one unit after the activity lane. `untouched`: only units that no promotion of the activity lane (`activity`), or no
    promotion at all so far (`any`), has lowered.
    """

    skus: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    except_skus: tuple[str, ...] = ()
    except_categories: tuple[str, ...] = ()
    where: tuple[Where, ...] = ()
    price_at_least_minor: int = 0
    price_at_most_minor: int | None = None
    untouched: Literal["", "activity", "any"] = ""


EVERYTHING = Scope()


class Condition(Struct, frozen=True, tag_field="if", kw_only=True):
    """One condition."""


class Spend(Condition, frozen=True, tag="spend"):
    """Units in `scope` come to so much: at list price, or (`base`) at what they cost when the promotion's lane begins."""

    at_least_minor: int = 0
    at_most_minor: int | None = None
    scope: Scope = EVERYTHING
    of: Literal["base", "list"] = "base"


class Pieces(Condition, frozen=True, tag="pieces"):
    """So many units in `scope`."""

    at_least: int = 1
    at_most: int | None = None
    scope: Scope = EVERYTHING


class Kinds(Condition, frozen=True, tag="kinds"):
    """So many different products in `scope`."""

    at_least: int
    scope: Scope = EVERYTHING


class CustomerIs(Condition, frozen=True, tag="customer"):
    """The customer's trait fits: `CustomerIs(is_=Where("tier", ("gold", "black")))`."""

    is_: Where


class CartIs(Condition, frozen=True, tag="cart"):
    """A fact of the sale fits: channel, region, way of paying."""

    is_: Where


class InAudience(Condition, frozen=True, tag="audience"):
    """The customer is in one of `any_of`, and in none of `none_of`."""

    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()


class Orders(Condition, frozen=True, tag="orders"):
    """How many orders he has paid before this one. First order: `at_most=0`; the fifth: 4 and 4."""

    at_least: int = 0
    at_most: int | None = None


class Within(Condition, frozen=True, tag="within"):
    """From `starts_ms` until before `ends_ms`."""

    starts_ms: int = 0
    ends_ms: int | None = None


class Weekly(Condition, frozen=True, tag="weekly"):
    """On `days` (1 Monday .. 7 Sunday; none: all) from `from_minute` of the day until before `until_minute`, in `zone`.

    An end that is not after the start lies on the next day: Friday 22:00-02:00 ends on Saturday.
    """

    days: tuple[int, ...] = ()
    from_minute: int = 0
    until_minute: int = 1440
    zone: str = "UTC"


class Code(Condition, frozen=True, tag="code"):
    """One of these codes is entered; capitals and spaces do not matter."""

    any_of: tuple[str, ...]


class AnyOf(Condition, frozen=True, tag="any"):
    """One of `conditions` holds."""

    conditions: tuple[AnyCondition, ...]


class Not(Condition, frozen=True, tag="not"):
    """`condition` does not hold."""

    condition: AnyCondition


AnyCondition = Spend | Pieces | Kinds | CustomerIs | CartIs | InAudience | Orders | Within | Weekly | Code | AnyOf | Not
