"""The figures of docs/reference/pricing.md are those of the engine."""

import re
from pathlib import Path

import pytest
from tests.pricing.scenes import SCENES, cart, offer, shown

from miaohui.money import to_minor
from miaohui.pricing.conditions import Spend
from miaohui.pricing.effects import Amount, Gift, GiftItem
from miaohui.pricing.engine import price
from miaohui.pricing.explain import SENTENCES
from miaohui.pricing.promotion import LANES
from miaohui.pricing.refunds import Sold, refund
from miaohui.pricing.rulebook import Rulebook

PAGE = (Path(__file__).parents[2] / "docs/reference/pricing.md").read_text()
SHOWN = dict(re.findall(r"^##+ ([^\n]+)\n(?:(?!^##)[^\n]*\n)*?```text\n(.*?)\n```", PAGE, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("name", SCENES)
def test_an_example_comes_to_what_the_page_says(name: str) -> None:
    assert shown(SCENES[name]) == SHOWN[name]


def test_every_example_of_the_page_is_recomputed() -> None:
    assert SHOWN.keys() == SCENES.keys()
    assert PAGE.count("```text") == len(SCENES)


def test_refunds_come_to_what_the_page_says() -> None:
    spend = (Spend(at_least_minor=10_000),)
    book = Rulebook(
        [
            offer("off", Amount(off_minor=2000), when=spend),
            offer("gift", Gift(items=(GiftItem(sku="bag", value_minor=800),)), when=spend),
        ]
    )
    basket = cart("tea 1 x 60.00", "cup 1 x 40.00")
    sold = Sold(cart=basket, priced=price(basket, book))
    assert sold.priced.total_minor == 8000
    ours = {
        "`allocated`": refund("allocated", sold, {"cup": 1}, book),
        "`rerate_down`": refund("rerate_down", sold, {"cup": 1}, book),
        "`forfeit_gift`, the bag kept": refund("forfeit_gift", sold, {"cup": 1}, book),
        "`forfeit_gift`, the bag returned": refund("forfeit_gift", sold, {"cup": 1}, book, {"bag": 1}),
    }
    rows = re.findall(r"^\| (`\w+`[^|]*?) \| ([\d.]+) \|$", PAGE, re.MULTILINE)
    assert {name: to_minor(amount, "CNY") for name, amount in rows} == {
        name: back.amount_minor for name, back in ours.items()
    }
    kept = ours["`forfeit_gift`, the bag kept"]
    assert [(gift.sku, gift.quantity) for gift in kept.charged] == [("bag", 1)]
    rest = refund("forfeit_gift", kept.then, {"tea": 1}, book)
    assert (rest.amount_minor, rest.charged) == (4800, ())


def test_the_lanes_of_the_page_are_the_code_s_in_their_order() -> None:
    assert (
        tuple(re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \|$", PAGE.split("An effect goes")[0], re.MULTILINE)) == LANES
    )


def test_every_sentence_is_there_in_both_languages() -> None:
    for code, text in SENTENCES.items():
        fields = [set(re.findall(r"\{(\w+)\}", sentence)) for sentence in (text.zh, text.en)]
        assert text.zh != text.en, code
        assert fields[0] == fields[1], code
