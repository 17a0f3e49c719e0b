"""A new name stands wherever the old one stood, and nothing else changes."""
# ruff: noqa: E501 - sentences are read across

import tomllib
from difflib import unified_diff
from pathlib import Path

import pytest

from miaohui.campaign.edits import CannotEdit
from miaohui.campaign.facts import Facts, ShopProduct
from miaohui.campaign.leaves import leaves
from miaohui.campaign.places import spelled
from miaohui.campaign.reader import read
from miaohui.campaign.renaming import is_name, left, renamed
from miaohui.text import Text

MID_AUTUMN = (Path(__file__).parents[2] / "docs/examples/mid-autumn.toml").read_text()
TEXT = """\
# The fair.
campaign = "tea"
[goals.gmv]
target = 100
is = "visitors * conversion-rate*gmv-2"    # worked out
[goals.visitors]
target = 5
by_audience = { vip = 3, 'silent' = 2 }
[[incentives]]
who = "a"
goal = "visitors"
reward = "b"
[audiences]
vip = "tier >= gold and count(coupon.claimed where play = tea) >= 1"   # of old
silent = "stage is silent"
[products]
tea = { price = 9.00 }
cup = { sku = "cup-7", price = 2.00 }
[plays.tea]
play = "promotion"
gives = ["1 tea + 2 cup for 9.90", "gift 2 of mug or tea for every 10.00, up to 2 times", "buy 2 get 1 of tea on cup, not tea", "3 for 20 % off on category tea"]
when = "either spend 5.00 on tea or else audience vip or silent"
on = ["tea", "not tea", "category tea", "brand = tea or zen"]
for = "vip"
[plays."vip"]
play = "coupon"
give = { vip = "4 off", everybody = "1 off" }
[plays.flash]
play = "flash_sale"
product = "tea"
[pages.landing]
plays = ["tea", "vip"]   # both
products = ["tea"]
[journeys.hello]
enter = "audience vip"
steps = [{ id = "vip", if = "in audience vip-2 or audience vip", then = "b", otherwise = "vip" }, { id = "b", content = "b" }]
[content.b]
channel = "sms"
[[tasks]]
id = "b"
[[tasks]]
id = 'c'
after = ["b", "x"]
[[budget.lines]]
for = "A3 posters"   # in the window
amount = 5
"""


def lines(text: str, new: str) -> list[str]:
    """The lines that differ, as they are now."""
    return [line[1:] for line in unified_diff(text.split("\n"), new.split("\n"), n=0, lineterm="")
            if line.startswith("+") and not line.startswith("+++")]  # fmt: skip


NAMES = [
    ("an audience", ("audiences", "vip"), [
        "by_audience = { dear = 3, 'silent' = 2 }",
        'dear = "tier >= gold and count(coupon.claimed where play = tea) >= 1"   # of old',
        'when = "either spend 5.00 on tea or else audience dear or silent"',
        'for = "dear"',
        'give = { dear = "4 off", everybody = "1 off" }',
        'enter = "audience dear"',
        'steps = [{ id = "vip", if = "in audience vip-2 or audience dear", then = "b", otherwise = "vip" }, { id = "b", content = "b" }]',
    ]),
    ("a product", ("products", "tea"), [
        'dear = { price = 9.00, sku = "tea" }',
        'gives = ["1 dear + 2 cup for 9.90", "gift 2 of mug or dear for every 10.00, up to 2 times", "buy 2 get 1 of dear on cup, not dear", "3 for 20 % off on category tea"]',
        'when = "either spend 5.00 on dear or else audience vip or silent"',
        'on = ["dear", "not dear", "category tea", "brand = tea or zen"]',
        'product = "dear"',
        'products = ["dear"]',
    ]),
    ("a product with a sku", ("products", "cup"), [
        'dear = { sku = "cup-7", price = 2.00 }',
        'gives = ["1 tea + 2 dear for 9.90", "gift 2 of mug or tea for every 10.00, up to 2 times", "buy 2 get 1 of tea on dear, not tea", "3 for 20 % off on category tea"]',
    ]),
    ("a play", ("plays", "vip"), ["[plays.dear]", 'plays = ["tea", "dear"]   # both']),
    ("a goal", ("goals", "visitors"), ['is = "dear * conversion-rate*gmv-2"    # worked out', "[goals.dear]", 'measure = "visitors"', 'goal = "dear"']),
    ("a step", ("journeys", "hello", "steps", 0, "id"), ['steps = [{ id = "dear", if = "in audience vip-2 or audience vip", then = "b", otherwise = "dear" }, { id = "b", content = "b" }]']),
    ("a task", ("tasks", 0, "id"), ['id = "dear"', 'after = ["dear", "x"]']),
    ("content", ("content", "b"), ['steps = [{ id = "vip", if = "in audience vip-2 or audience vip", then = "b", otherwise = "vip" }, { id = "b", content = "dear" }]', "[content.dear]"]),
    ("a line of the budget", ("budget", "lines", 0, "for"), ['for = "dear"   # in the window']),
    ("a journey", ("journeys", "hello"), ["[journeys.dear]"]),
]  # fmt: skip


@pytest.mark.parametrize("case", NAMES, ids=[case[0] for case in NAMES])
def test_every_reference_follows(case) -> None:  # type: ignore[no-untyped-def]
    _, path, changed = case
    assert is_name(path)
    new = renamed(TEXT, path, "dear")
    assert sorted(lines(TEXT, new)) == sorted(changed)
    tomllib.loads(new)
    old = path[-1]
    if old not in ("id", "for") and path[0] not in ("products", "goals"):
        back = renamed(new, (*path[:-1], "dear"), old)
        assert back == TEXT.replace('[plays."vip"]', "[plays.vip]" if path == ("plays", "vip") else '[plays."vip"]')


WRONG = [
    ("no TOML", "a = [", ("tasks", 0, "id"), "x"),
    ("nothing there", TEXT, ("audiences", "nobody"), "x"),
    ("no element there", TEXT, ("tasks", 9, "id"), "x"),
    ("no name of an operator's", TEXT, ("goals", "gmv", "target"), "x"),
    ("taken", TEXT, ("audiences", "vip"), "silent"),
    ("a taken id", TEXT, ("tasks", 0, "id"), "c"),
    ("everybody", TEXT, ("audiences", "vip"), "everybody"),
    ("no name", TEXT, ("audiences", "vip"), "Very Important"),
    ("empty words", TEXT, ("budget", "lines", 0, "for"), ""),
    ("empty", TEXT, ("audiences", "vip"), ""),
]


@pytest.mark.parametrize("case", WRONG, ids=[case[0] for case in WRONG])
def test_what_cannot_be_renamed_is_refused(case) -> None:  # type: ignore[no-untyped-def]
    _, text, path, name = case
    with pytest.raises(CannotEdit):
        renamed(text, path, name)


def test_the_same_name_again_changes_nothing() -> None:
    assert renamed(TEXT, ("audiences", "vip"), "vip") == TEXT


def test_the_example_reads_the_same_under_other_names() -> None:
    """Everything that has a name is renamed, one after another: the document has the same problems as before, that is none."""
    skus = ("mooncake-box", "pomelo")
    shop = {s: ShopProduct(sku=s, title=Text(s, s), currency="CNY", list_price_minor=1, stock=9_000) for s in skus}
    facts = Facts(products=shop, others=())
    before = read(MID_AUTUMN, facts)
    assert before.document is not None
    text = MID_AUTUMN
    named = [path for path, *_ in spelled(MID_AUTUMN).keys if is_name(path)]
    named += [leaf.path for leaf in leaves(tomllib.loads(MID_AUTUMN)) if is_name(leaf.path)]
    assert len(named) > 20
    for n, path in enumerate(dict.fromkeys(named)):
        here = tuple(path)
        while not _there(text, here):  # a journey above it has its new name already
            here = (here[0], next(iter(tomllib.loads(text)[here[0]])), *here[2:])
        text = renamed(text, here, f"n-{n}")
    after = read(text, facts)
    assert after.document is not None
    assert [p.code for p in after.problems] == [p.code for p in before.problems]
    assert [play.rules.__class__ for play in after.document.plays.values()] == [
        play.rules.__class__ for play in before.document.plays.values()
    ]
    assert {play.rules is None for play in after.document.plays.values()} == {False}


def _there(text: str, path: tuple[str | int, ...]) -> bool:
    here = tomllib.loads(text)
    for part in path:
        if isinstance(here, dict) and part not in here:
            return False
        here = here[part]
    return True


CONDITIONS = """\
campaign = "tea"
[audiences]
ours = "count(coupon.claimed where campaign = tea and play = noon) >= 1 and never(order.paid)"
several = "count(coupon.claimed where play in (night, noon) and campaign is 'tea', last 3 days) >= 1"
older = "count(coupon.claimed where play = noon) >= 1"
others = "count(coupon.claimed where campaign = fair and play is not noon) >= 1"
near = "count(coupon.claimed where campaign = tea and play = noon-2) >= 1 and tag noon"
[plays.noon]
play = "coupon"
give = { everybody = "1 off" }
"""


def test_conditions_follow_a_play_of_this_campaign_and_the_others_are_told() -> None:
    new = renamed(CONDITIONS, ("plays", "noon"), "lunch")
    assert lines(CONDITIONS, new) == [
        'ours = "count(coupon.claimed where campaign = tea and play = lunch) >= 1 and never(order.paid)"',
        "several = \"count(coupon.claimed where play in (night, lunch) and campaign is 'tea', last 3 days) >= 1\"",
        "[plays.lunch]",
    ]
    assert left(new, "noon") == ["older", "others"]
    assert left(new, "lunch") == ["ours", "several"]
    assert left("no = [toml", "noon") == []
