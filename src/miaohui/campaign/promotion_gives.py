"""What a promotion gives, as an operator reads it aloud. `read` and `write` are each other's inverse.

    20.00 off                      10 % off, up to 50.00              off the order
    20.00 off 100.00               20.00 off 100.00 or 50.00 off 200.00        full reduction: the highest tier reached
    20.00 off every 100.00, up to 3 times        10 % off 3 pieces             again for each; by pieces
    2.00 off each unit             10 % off each line, up to 2 units of a line
    9.90 each                      9.90 each, up to 2 units of a line          a limited-time price
    2nd at 50 %                    3rd free, same product                      N-th item
    3 for 99.00                    3 for 20 % off             1 tea + 2 cup for 59.00, up to 1 time      bundles
    buy 2 get 1                    buy 2 get 1 at 50 % of mug or cup, dearest, got units carry the saving
    gift mug                       gift 2 of mug or cup or pen for every 100.00, up to 3 times
    free shipping                  free shipping, up to 12.00         5.00 off shipping
    100 points pay 1.00, up to 50 %
    deposit 10.00 counts 20.00
    5 % back, up to 20.00          5 % back in points         10 points back for every 1.00

Any of them may end in ` on ` and what it is about (see `promotion_words`), where the promotion's own `on` is not meant.
"""

import re
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from miaohui.campaign.promotion_words import MONEY, NAME, Words
from miaohui.campaign.times import Unreadable
from miaohui.campaign.values import shown
from miaohui.pricing.conditions import EVERYTHING, Scope
from miaohui.pricing.effects import (
    Amount,
    AnyEffect,
    Bundle,
    BuyGet,
    Deposit,
    Gift,
    GiftItem,
    Nth,
    Part,
    PayPoints,
    Percent,
    Price,
    Reduction,
    Reward,
    Tier,
)

WHOLE_PPM = 1_000_000
_OFF = rf"(?:(?P<off>{MONEY})|(?P<share>{MONEY}) ?%) off"
_THRESHOLD = rf"(?:(?P<pieces>\d+) pieces|(?P<spend>{MONEY}))"
_TIER = re.compile(rf"{_OFF} (?P<every>every )?{_THRESHOLD}")
_OR = re.compile(r" or (?=[\d_.]+ ?%? off)")
_ENDS = {1: "st", 2: "nd", 3: "rd"}


def read(text: str, words: Words) -> AnyEffect:
    """The effect that `text` means; Unreadable with bad_gives, or what is wrong with a part of it."""
    said, scope = words.on(" ".join(text.split()))
    head, *options = said.split(", ")
    found = _read(head, words)
    if found is None:
        raise Unreadable("bad_gives", value=shown(text))
    found = _with(found, options, words, text)
    return replace(found, scope=scope) if scope != EVERYTHING else found


def _read(head: str, words: Words) -> AnyEffect | None:
    for pattern, made in _FORMS:
        found = pattern.fullmatch(head)
        if found is not None:
            return made(found, words)
    return _reduction(head, words)


def _reduction(head: str, words: Words) -> Reduction | None:
    found = [_TIER.fullmatch(part) for part in _OR.split(head)]
    tiers: list[Tier] = []
    for tier in found:
        if tier is None:
            return None
        at_least = int(tier["pieces"]) if tier["pieces"] else words.amount(tier["spend"])
        tiers.append(Tier(at_least=at_least, **_off(tier, words)))
    every, pieces = ({bool(tier[name]) for tier in found if tier} for name in ("every", "pieces"))
    shares = any(tier.off_ppm for tier in tiers)
    if len(every) > 1 or len(pieces) > 1 or (every == {True} and (len(tiers) > 1 or shares)):
        return None
    measure: Any = "pieces" if pieces == {True} else "amount"
    return Reduction(tiers=tuple(sorted(tiers, key=lambda t: t.at_least)), measure=measure, every=every == {True})


def _off(found: re.Match[str], words: Words) -> dict[str, Any]:
    if found["off"]:
        return {"off_minor": words.amount(found["off"])}
    return {"off_ppm": words.percent(found["share"])}


def _flat(found: re.Match[str], words: Words) -> AnyEffect:
    how: dict[str, Any] = {"each": found["each"] or "order", "target": "shipping" if found["shipping"] else "goods"}
    off = _off(found, words)
    return Amount(**off, **how) if "off_minor" in off else Percent(**off, **how)


def _nth(found: re.Match[str], words: Words) -> AnyEffect:
    price = {"free": 0, "at half price": WHOLE_PPM // 2}.get(found["how"])
    if price is None:
        price = words.percent(found["share"])
    return Nth(nth=int(found["nth"]), off_ppm=WHOLE_PPM - price)


def _bundle(found: re.Match[str], words: Words) -> AnyEffect:
    parts = tuple(_part(part, words) for part in found["parts"].split(" + "))
    if found["price"]:
        return Bundle(parts=parts, price_minor=words.amount(found["price"]))
    return Bundle(parts=parts, **_off(found, words))


def _part(written: str, words: Words) -> Part:
    quantity, _, of = written.partition(" ")
    return Part(quantity=int(quantity), scope=words.scope(of.split(" or ")) if of else EVERYTHING)


def _buy_get(found: re.Match[str], words: Words) -> AnyEffect:
    off_ppm = WHOLE_PPM - words.percent(found["share"]) if found["share"] else WHOLE_PPM
    scope = words.scope(found["of"].split(" or ")) if found["of"] else EVERYTHING
    return BuyGet(buy=int(found["buy"]), get=int(found["get"]), off_ppm=off_ppm, get_scope=scope)


def _gift(found: re.Match[str], words: Words) -> AnyEffect:
    items = []
    for written in found["items"].split(" or "):
        quantity, _, name = written.rpartition(" ")
        product = words.product(name)
        items.append(GiftItem(sku=product.sku, quantity=int(quantity or 1), value_minor=product.list_price_minor))
    choose = int(found["choose"] or 1)
    if choose > len(items):
        raise Unreadable("bad_gives", value=shown(found[0]))
    return Gift(items=tuple(items), choose=choose, every_minor=words.amount(found["every"]) if found["every"] else 0)


def _reward(found: re.Match[str], words: Words) -> AnyEffect:
    every = words.amount(found["every"]) if found["every"] else 0
    if found["points"]:
        return Reward(to="points", amount=int(found["points"]), every_minor=every)
    if found["share"]:
        to: Any = "points" if found["in"] else "balance"
        return Reward(to=to, off_ppm=words.percent(found["share"]))
    return Reward(amount=words.amount(found["money"]), every_minor=every)


Made = Callable[[re.Match[str], Words], AnyEffect]
_PARTS = rf"\d+(?: (?:{NAME}|category [^+,]+?)(?: or (?:{NAME}|category [^+,]+?))*)?"
_ITEM = rf"(?:\d+ )?{NAME}"
_FORMS: list[tuple[re.Pattern[str], Made]] = [
    (re.compile("free shipping"), lambda found, words: Percent(off_ppm=WHOLE_PPM, target="shipping")),
    (re.compile(rf"{_OFF}(?: each (?P<each>unit|line)|(?P<shipping> shipping))?"), _flat),
    (re.compile(rf"(?P<price>{MONEY}) each"), lambda found, words: Price(price_minor=words.amount(found["price"], 0))),
    (re.compile(rf"(?P<nth>\d+)(?:st|nd|rd|th) (?P<how>free|at half price|at (?P<share>{MONEY}) ?%)"), _nth),
    (re.compile(rf"(?P<parts>{_PARTS}(?: \+ {_PARTS})*) for (?:{_OFF}|(?P<price>{MONEY}))"), _bundle),
    (re.compile(rf"buy (?P<buy>\d+) get (?P<get>\d+)(?: free| at (?P<share>{MONEY}) ?%)?(?: of (?P<of>.+))?"), _buy_get),
    (re.compile(rf"gift (?:(?P<choose>\d+) of )?(?P<items>{_ITEM}(?: or {_ITEM})*)(?: for every (?P<every>{MONEY}))?"), _gift),
    (re.compile(rf"(?P<points>\d+) points pay (?P<off>{MONEY})"),
     lambda found, words: PayPoints(points=int(found["points"]), off_minor=words.amount(found["off"]))),
    (re.compile(rf"deposit (?P<paid>{MONEY}) counts (?P<worth>{MONEY})"),
     lambda found, words: Deposit(deposit_minor=words.amount(found["paid"]), worth_minor=words.amount(found["worth"]))),
    (re.compile(rf"(?:(?P<points>\d+) points|(?P<share>{MONEY}) ?%|(?P<money>{MONEY})) back(?P<in> in points)?"
                rf"(?: for every (?P<every>{MONEY}))?"), _reward),
]  # fmt: skip


# -- options -------------------------------------------------------------------------------------------------------------------

_OPTIONS: list[tuple[re.Pattern[str], Callable[[AnyEffect, str, Words], dict[str, Any]]]] = [
    (re.compile(r"up to (\d+) times?"), lambda effect, n, words: {"times_max": int(n)}),
    (re.compile(r"up to (\d+) units? of a line"), lambda effect, n, words: {"units_max": int(n)}),
    (re.compile(r"up to (\d+) points"), lambda effect, n, words: {"cap": int(n)}),
    (re.compile(rf"up to ({MONEY}) ?%"), lambda effect, n, words: {"share_max_ppm": words.percent(n)}),
    (re.compile(rf"up to ({MONEY})"),
     lambda effect, n, words: {"cap" if isinstance(effect, Reward) else "cap_minor": words.amount(n)}),
    (re.compile("(of the activity price)"), lambda effect, n, words: {"of": "activity"}),
    (re.compile("(same product)"), lambda effect, n, words: {"same_sku": True}),
    (re.compile("(cheapest|dearest)"), lambda effect, n, words: {"take": n}),
    (re.compile("(got units carry the saving)"), lambda effect, n, words: {"spread": "got"}),
]  # fmt: skip


def _with(effect: AnyEffect, options: list[str], words: Words, text: str) -> AnyEffect:
    for option in options:
        found = next(((p.fullmatch(option), made) for p, made in _OPTIONS if p.fullmatch(option)), None)
        changes = found[1](effect, found[0][1], words) if found and found[0] else {}
        if not changes or not set(changes) <= set(effect.__struct_fields__):
            raise Unreadable("bad_option", value=shown(option), of=shown(text))
        effect = replace(effect, **changes)
    return effect


def _options(effect: AnyEffect, words: Words) -> str:
    said = ""
    if times := getattr(effect, "times_max", 0):
        said += f", up to {times} time{'s' if times > 1 else ''}"
    if units := getattr(effect, "units_max", 0):
        said += f", up to {units} unit{'s' if units > 1 else ''} of a line"
    if getattr(effect, "share_max_ppm", WHOLE_PPM) != WHOLE_PPM:
        said += f", up to {words.share(effect.share_max_ppm)}"  # type: ignore[union-attr]
    cap = getattr(effect, "cap_minor", getattr(effect, "cap", None))
    if cap is not None:
        points = isinstance(effect, Reward) and effect.to == "points"
        said += f", up to {cap} points" if points else f", up to {words.money(cap)}"
    said += ", of the activity price" if getattr(effect, "of", "") == "activity" else ""
    said += ", same product" if getattr(effect, "same_sku", False) else ""
    said += ", dearest" if getattr(effect, "take", "") == "dearest" else ""
    return said + (", got units carry the saving" if getattr(effect, "spread", "") == "got" else "")


# -- back to text --------------------------------------------------------------------------------------------------------------


def write(effect: AnyEffect, words: Words) -> str:
    """As `read` reads it."""
    return words.on_written(_head(effect, words) + _options(effect, words), effect.scope)


def _head(effect: AnyEffect, words: Words) -> str:
    match effect:
        case Percent(off_ppm=1_000_000, target="shipping", each="order"):
            return "free shipping"
        case Percent() | Amount():
            off = words.share(effect.off_ppm) if isinstance(effect, Percent) else words.money(effect.off_minor)
            each = "" if effect.each == "order" else f" each {effect.each}"
            return f"{off} off{' shipping' if effect.target == 'shipping' else each}"
        case Price():
            return f"{words.money(effect.price_minor)} each"
        case Reduction():
            return " or ".join(_tier(effect, tier, words) for tier in effect.tiers)
        case Nth():
            end = _ENDS.get(effect.nth % 10, "th") if effect.nth not in (11, 12, 13) else "th"
            left = WHOLE_PPM - effect.off_ppm
            return f"{effect.nth}{end} {f'at {words.share(left)}' if left else 'free'}"
        case Bundle():
            parts = " + ".join(f"{part.quantity}{_of(part.scope, words, ' ')}" for part in effect.parts)
            price = (
                words.money(effect.price_minor) if effect.price_minor is not None else f"{_taken(effect, words)} off"
            )
            return f"{parts} for {price}"
        case BuyGet():
            at = f" at {words.share(WHOLE_PPM - effect.off_ppm)}" if effect.off_ppm < WHOLE_PPM else ""
            return f"buy {effect.buy} get {effect.get}{at}{_of(effect.get_scope, words, ' of ')}"
        case Gift():
            items = " or ".join(
                f"{f'{i.quantity} ' if i.quantity > 1 else ''}{words.name(i.sku)}" for i in effect.items
            )
            every = f" for every {words.money(effect.every_minor)}" if effect.every_minor else ""
            return f"gift {f'{effect.choose} of ' if effect.choose > 1 else ''}{items}{every}"
        case PayPoints():
            return f"{effect.points} points pay {words.money(effect.off_minor)}"
        case Deposit():
            return f"deposit {words.money(effect.deposit_minor)} counts {words.money(effect.worth_minor)}"
        case Reward():
            points = effect.to == "points"
            back = f"{words.share(effect.off_ppm)} back{' in points' if points else ''}"
            if not effect.off_ppm:
                back = f"{effect.amount} points back" if points else f"{words.money(effect.amount)} back"
            return back + (f" for every {words.money(effect.every_minor)}" if effect.every_minor else "")
    raise AssertionError(effect)


def _taken(effect: Tier | Bundle, words: Words) -> str:
    return words.share(effect.off_ppm) if effect.off_ppm else words.money(effect.off_minor)


def _tier(effect: Reduction, tier: Tier, words: Words) -> str:
    from_ = f"{tier.at_least} pieces" if effect.measure == "pieces" else words.money(tier.at_least)
    return f"{_taken(tier, words)} off {'every ' if effect.every else ''}{from_}"


def _of(scope: Scope, words: Words, before: str) -> str:
    return before + " or ".join(words.scope_written(scope)) if scope != EVERYTHING else ""
