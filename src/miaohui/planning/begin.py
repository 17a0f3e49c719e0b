"""From an occasion and a template to the text of a new campaign: questions one by one, then the document."""

import re
from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal

from msgspec import Struct

from miaohui import plays
from miaohui.calendar.almanac import Class, Occasion
from miaohui.campaign.facts import Facts, ShopProduct
from miaohui.campaign.reader import read
from miaohui.money import Money, exponent
from miaohui.planning.asks import Ask, BadAnswer, Field, Words, World, answer, fields
from miaohui.planning.template import Template, filled

_NOT_IN_IDS = re.compile(r"[^a-z0-9]+")


class Step(Struct, frozen=True):
    """Where the questions stand: the one that is asked (None: all are answered), its inputs, and the words so far."""

    number: int
    ask: Ask | None
    fields: list[Field]
    words: Words


def step(template: Template, given: Mapping[str, str], world: World, answered: int, facts: Facts) -> Step:
    """The question after the first `answered` ones. BadAnswer of an earlier one comes as it is."""
    words: Words = {}
    for ask in template.head.ask[:answered]:
        words |= answer(ask, given, world)
    if answered >= len(template.head.ask):
        return Step(answered, None, [], words)
    ask = template.head.ask[answered]
    if ask.kind == "budget":
        words["worst"] = worst(template, words, world, facts)
    return Step(answered, ask, fields(ask, given, world, words), words)


def bad(template: Template, given: Mapping[str, str], world: World, number: int) -> BadAnswer | None:
    """Why the answer to question `number` cannot be taken."""
    try:
        answer(template.head.ask[number], given, world)
    except BadAnswer as refused:
        return refused
    return None


def common(template: Template, world: World, taken: frozenset[str], words: Words, *, owner: str, zone: str) -> Words:
    """The words that nobody is asked for; the id is the occasion's, with its year, and one that is free."""
    live = words.get("live", str(world.today))
    by_day = template.head.class_ in ("own_day", "hot_spot")
    wanted = f"{_stem(template, world)}-{live if by_day else live[:4]}"
    return {
        "campaign": next(id for n in range(1, 10_000) if (id := wanted if n == 1 else f"{wanted}-{n}") not in taken),
        "class": class_of(template, world.occasion),
        "occasion": world.occasion.day.id if world.occasion else "",
        "owner": owner,
        "zone": zone,
        "currency": world.currency,
    }


def _stem(template: Template, world: World) -> str:
    """What the id begins with: the occasion, the campaign that a template came from, or the template."""
    made_of = re.sub(r"-\d{4}(-\d+)*$", "", template.source)
    id = world.occasion.day.id if world.occasion else made_of or template.id
    stem = _NOT_IN_IDS.sub("-", id.lower()).strip("-")[:40]
    return stem if stem[:1].isalpha() else f"day-{stem}"


def class_of(template: Template, occasion: Occasion | None) -> Class:
    """The class of the campaign: a festival's template takes the occasion's own."""
    class_ = template.head.class_
    festive = ("lunar_festival", "shopping_festival")
    return occasion.day.campaign_class if occasion and class_ in festive else class_


def worst(template: Template, words: Words, world: World, facts: Facts) -> str:
    """What the plays cost if everything is taken, as the document so far says; rounded up to two figures."""
    stand_in = common(template, world, frozenset(), words, owner="", zone=facts.zone) | words
    text = filled(template.text, stand_in | {"budget": "0", "owner": ""})
    document = read(text, facts).document
    if document is None:
        return ""
    cost = sum(plays.find(play.head.play).worst_cost(play.rules) for play in document.plays.values() if play.rules)
    step = Decimal(10) ** max(len(str(cost)) - 2, exponent(world.currency))
    rounded = (Decimal(cost) / step).to_integral_value(ROUND_CEILING) * step
    return f"{Money(int(rounded), world.currency).decimal():f}"


def document_of(template: Template, words: Words, shared: Words) -> str:
    """The text of the new campaign."""
    text = filled(template.text, shared | words)
    return text.replace('occasion = ""\n', "") if not shared["occasion"] else text


def products_of(world: World) -> dict[str, ShopProduct]:
    """The goods as facts."""
    return {
        good.sku: ShopProduct(
            sku=good.sku, title=good.title, currency=world.currency, list_price_minor=good.price_minor,
            cost_minor=good.cost_minor, stock=good.free,
        )
        for good in world.goods
    }  # fmt: skip
