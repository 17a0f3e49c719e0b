"""A document is read whole: what is right arrives with exact values, what is wrong is said at its line, all of it."""
# ruff: noqa: E501 - a table is read across

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miaohui.campaign.facts import Facts, ShopProduct
from miaohui.campaign.goals import BudgetLine
from miaohui.campaign.offer import Rate
from miaohui.campaign.reader import read
from miaohui.campaign.setups import setups
from miaohui.plays._fields import Given, Offer, Product, Span, Validity
from miaohui.text import Text

HEAD = """\
campaign = "lantern-fair"
name = { zh = "灯会", en = "Lantern fair" }
kind = "promotional"
zone = "Asia/Shanghai"
currency = "CNY"
[phases]
warm_up = 2026-02-28
live = 2026-03-03T00:00:00
wrap_up = 2026-03-06T00:00:00
[control]
share = 5
"""
"""Eleven lines that are a sound campaign, but for its plays."""

TOMBOLA = """\
[budget]
total = 500.00
[audiences]
vip = "tier >= gold"
[products.lantern]
sku = "L-1"
price = 99.00
cost = 9.90
stock = 60
[plays.evening]
play = "tombola"
title = { zh = "晚场", en = "Evening draw" }
for = "vip"
consent = "draws"
rate = "3 per 60 s"
product = "lantern"
price = 9.90
tickets = 40
stock = 2
win = 2.5
budget = 120.50
consolation = "5.00 off 49.00"
give = { vip = "8.00 off", everybody = "4 off 19.50" }
draws = ["live 20:00 for 30 minutes", "live + 1 day 20:00 for 2 hours"]
valid = { from = "warm_up", days = 7 }
"""

SHOP = Facts(
    products={
        "L-1": ShopProduct(
            sku="L-1",
            title=Text(zh="灯笼", en="Lantern"),
            currency="CNY",
            list_price_minor=12_900,
            cost_minor=5_000,
            stock=60,
        )
    },
    people=frozenset({"lin"}),
    now_ms=1_771_000_000_000,
)

LIVE_MS = 1_772_467_200_000  # 2026-03-03 00:00 in Shanghai
DAY_MS = 86_400_000
HOUR_MS = 3_600_000


def said(text: str, facts: Facts = SHOP) -> list[tuple[int, str, str]]:
    """Line, path and code of every problem."""
    return [(p.line, p.path, p.code) for p in read(text, facts).problems]


def test_a_sound_document_has_no_problems_and_exact_values() -> None:
    found = read(HEAD + TOMBOLA, SHOP)
    assert found.problems == []
    assert found.sound
    document = found.document
    assert document is not None
    assert document.name == Text(zh="灯会", en="Lantern fair")
    assert dict(document.phases.each()) == {
        "warm_up": LIVE_MS - 3 * DAY_MS,
        "live": LIVE_MS,
        "wrap_up": LIVE_MS + 3 * DAY_MS,
    }
    assert document.control.share_ppm == 50_000
    assert document.budget is not None
    assert document.budget.total_minor == 50_000
    play = document.plays["evening"]
    assert play.span == Span(LIVE_MS, LIVE_MS + 3 * DAY_MS)
    assert (play.head.for_, play.head.consent, play.head.rate) == ("vip", "draws", Rate(3, 60))
    assert play.head.budget_minor == 12_050


def test_a_play_gets_the_rules_of_its_module() -> None:
    document = read(HEAD + TOMBOLA, SHOP).document
    assert document is not None
    (setup,) = setups(document, 4)
    assert (setup.id, setup.module, setup.version) == ("lantern-fair/evening", "tombola", 4)
    assert (setup.title, setup.audience, setup.consent) == (Text(zh="晚场", en="Evening draw"), "vip", "draws")
    assert (setup.opens_ms, setup.ends_ms) == (LIVE_MS, LIVE_MS + 3 * DAY_MS)
    assert (setup.rate_count, setup.rate_s) == (3, 60)
    assert (setup.currency, setup.zone) == ("CNY", "Asia/Shanghai")
    rules = {name: getattr(setup.rules, name) for name in setup.rules.__struct_fields__}
    assert rules == {
        "id": "lantern-fair/evening",
        "currency": "CNY",
        "opens_ms": LIVE_MS,
        "ends_ms": LIVE_MS + 3 * DAY_MS,
        "identities": ("account",),
        "product": Product(
            name="lantern",
            sku="L-1",
            title=Text(zh="灯笼", en="Lantern"),
            list_price_minor=9_900,
            cost_minor=990,
        ),
        "price_minor": 990,
        "tickets": 40,
        "stock": 2,
        "win_ppm": 25_000,
        "budget_minor": 12_050,
        "consolation": Offer(500, 4_900),
        "give": (Given("vip", Offer(800)), Given("everybody", Offer(400, 1_950))),
        "draws": (
            Span(LIVE_MS + 20 * HOUR_MS, LIVE_MS + 20 * HOUR_MS + 1_800_000),
            Span(LIVE_MS + 44 * HOUR_MS, LIVE_MS + 46 * HOUR_MS),
        ),
        "valid": Validity(7, LIVE_MS - 3 * DAY_MS),
    }


def test_what_the_document_does_not_say_comes_from_the_shop() -> None:
    text = (HEAD + TOMBOLA).replace("price = 99.00\ncost = 9.90\n", "")
    document = read(text, SHOP).document
    assert document is not None
    assert document.plays["evening"].rules is not None
    product = document.plays["evening"].rules.product
    assert (product.list_price_minor, product.cost_minor) == (12_900, 5_000)


def test_zone_and_currency_come_from_the_workspace_if_the_document_has_none() -> None:
    text = HEAD.replace('zone = "Asia/Shanghai"\ncurrency = "CNY"\n', "") + "[budget]\ntotal = 1000\n"
    document = read(text, Facts(zone="America/New_York", currency="JPY")).document
    assert document is not None
    assert (document.zone, document.currency) == ("America/New_York", "JPY")
    assert document.phases.live_ms == LIVE_MS + 13 * HOUR_MS
    assert document.budget is not None
    assert document.budget.total_minor == 1000


def test_phases_may_be_written_from_live() -> None:
    text = re.sub(
        r"\[phases\].*?(?=\n\[)",
        '[phases]\nwarm_up = "live - 5 days"\nlive = 2026-03-03\nwrap_up = "live + 3 days"\n',
        HEAD,
        flags=re.S,
    )
    document = read(text, Facts()).document
    assert document is not None
    assert dict(document.phases.each()) == {
        "warm_up": LIVE_MS - 120 * HOUR_MS,
        "live": LIVE_MS,
        "wrap_up": LIVE_MS + 72 * HOUR_MS,
    }
    for wrong, code in (('live = "live + 1 day"', "unknown_phase"), ('live = "2026-13-01"', "bad_time")):
        found = read(text.replace("live = 2026-03-03", wrong), Facts())
        assert (found.document, code in [problem.code for problem in found.problems]) == (None, True)


def test_goals_and_budget_lines_are_decimals() -> None:
    text = (
        HEAD
        + """
[goals.gmv]
target = 1_200_000.00
is = "visitors * conversion * basket"
[goals.visitors]
target = 200_000
role = "execution"
by = { sms = 60_000, share = 140_000 }
[goals.conversion]
target = 4.05
[goals.basket]
target = 150
[budget]
total = 96_000.00
margin = 31.5
lines = [{ for = "sms", amount = 6_000.00 }]
"""
    )
    document = read(text, SHOP).document
    assert document is not None
    assert document.goals["conversion"].target == Decimal("4.05")
    assert document.goals["gmv"].parts() == ("visitors", "conversion", "basket")
    assert document.goals["visitors"].by == {"sms": Decimal(60_000), "share": Decimal(140_000)}
    assert document.budget is not None
    assert document.budget.margin_ppm == 315_000
    assert document.budget.lines == (BudgetLine(for_="sms", amount_minor=600_000),)


BROKEN = [
    # form
    ("syntax", "[plays", [(12, "", "syntax")]),
    ("the same key twice", "share = 6", [(12, "", "syntax")]),
    ("unknown section", "[fases]\na = 1", [(12, "fases", "unknown_key")]),
    ("unknown key", "[budget]\ntotel = 5.00", [(12, "budget", "missing_key"), (13, "budget.totel", "unknown_key")]),
    ("wrong type", "[budget]\ntotal = '500.00'", [(13, "budget.total", "wrong_type")]),
    ("a table for a text", "[venue.kind]\na = 1", [(12, "venue.kind", "wrong_type")]),
    ("true is no number", "[logistics]\nreturn_days = true", [(13, "logistics.return_days", "wrong_type")]),
    ("money with too many digits", "[budget]\ntotal = 5.005", [(13, "budget.total", "too_many_digits")]),
    ("money beyond all bounds", "[budget]\ntotal = 1e30", [(13, "budget.total", "too_large")]),
    ("money that is no number", "[budget]\ntotal = nan", [(13, "budget.total", "wrong_type")]),
    ("negative money", "[budget]\ntotal = -1.00", [(13, "budget.total", "too_small")]),
    ("percent with too many digits", "[budget]\ntotal = 1\nmargin = 0.00005", [(14, "budget.margin", "percent_digits")]),
    ("not one of the choices", "[venue]\nkind = 'shop'", [(13, "venue.kind", "bad_choice")]),
    ("an element of a list", "[strategy]\npromise = { zh = '好', en = 'Good' }\nlevers = ['price', 'lots']", [(14, "strategy.levers[1]", "bad_choice")]),
    ("one language missing", "[strategy]\npromise = { zh = '好' }", [(13, "strategy.promise", "missing_language")]),
    ("an empty language", "[strategy]\npromise = { zh = ' ', en = 'Good' }", [(13, "strategy.promise", "missing_language")]),
    ("a third language", "[strategy]\npromise = { zh = '好', en = 'Good', fr = 'Bon' }", [(13, "strategy.promise.fr", "unknown_key")]),
    ("a bad name", "[audiences]\n'Très bon' = 'everybody'", [(13, 'audiences."Très bon"', "bad_name")]),
    ("a text that must say something", "[content.a]\nchannel = ''\ntext = { zh = '好', en = 'Good' }", [(13, "content.a.channel", "too_short_text")]),
    ("a name with a line end", "[audiences]\n\"vip\\n\" = 'everybody'", [(13, 'audiences."vip\\n"', "bad_name")]),
    ("a NUL", "[venue]\nentrances = ['door', \"a\\u0000\"]\nplace = { zh = \"\\u0000\", en = 'a' }", [(13, "venue.entrances[1]", "bad_text"), (14, "venue.place", "bad_text")]),
    # names
    ("unknown person", "[merchants.m]\ntitle = { zh = '米', en = 'Rice' }\npart = 'own'\nowner = 'lim'", [(15, "merchants.m.owner", "unknown_person")]),
    ("unknown product", "[pages.p]\nproducts = ['lantern']", [(13, "pages.p.products[0]", "unknown_product")]),
    ("unknown play of the campaign", "[pages.p]\nplays = ['evening']", [(13, "pages.p.plays[0]", "unknown_play_here")]),
    ("unknown goal", "[[incentives]]\nwho = 'lin'\ngoal = 'gmv'\nreward = 'tea'", [(14, "incentives[0].goal", "unknown_goal")]),
    ("unknown merchant", "[products.L-1]\nmerchant = 'm'", [(12, "products.L-1", "bad_name")]),
    ("unknown task", "[[tasks]]\nid = 'a'\ntitle = { zh = '字', en = 'Copy' }\nafter = ['b']", [(12, "tasks[0]", "task_of_nobody"), (15, "tasks[0].after[0]", "unknown_task")]),
    # times
    ("a time in words", "[logistics]\nlast_order = 'tomorrow'", [(13, "logistics.last_order", "unknown_phase")]),
    ("a day that is none", "[logistics]\nlast_order = '2026-02-30'", [(13, "logistics.last_order", "bad_time")]),
    ("a number for a time", "[logistics]\nlast_order = 5", [(13, "logistics.last_order", "wrong_type")]),
    # beyond form
    ("goal without measure", "[goals.joy]\ntarget = 1\nowner = 'lin'", [(12, "goals.joy", "goal_without_measure")]),
    ("goal from a goal that is none", "[goals.gmv]\ntarget = 1\nis = 'visitors * basket'\n[goals.basket]\ntarget = 1\nowner = 'lin'", [(14, "goals.gmv.is", "unknown_goal")]),
    ("goals in a circle", "[goals.a]\ntarget = 1\nis = 'b'\n[goals.b]\ntarget = 1\nis = 'a'", [(14, "goals.a.is", "goal_circle"), (17, "goals.b.is", "goal_circle")]),
    ("tasks in a circle", "[[tasks]]\nid = 'a'\ntitle = { zh = '字', en = 'Copy' }\nafter = ['a']", [(12, "tasks", "task_circle"), (12, "tasks[0]", "task_of_nobody")]),
    ("budget lines beyond the total", "[budget]\ntotal = 1\nlines = [{ for = 'sms', amount = 2 }]", [(14, "budget.lines", "lines_over_budget")]),
    ("merchants bear more than all", "[merchants.m]\ntitle = { zh = '米', en = 'Rice' }\npart = 'own'\nbears = 60\n[merchants.n]\ntitle = { zh = '米', en = 'Rice' }\npart = 'brand'\nbears = 41", [(12, "merchants", "over_100_percent")]),
    ("an audience that cannot be read", "[audiences]\nvip = 'tier >='", [(13, "audiences.vip", "bad_audience")]),
    ("a product that the shop has not", "[products.moon]\nprice = 5.00", [(12, "products.moon.sku", "not_in_shop")]),
    ("more than the shop has", "[products.x]\nsku = 'L-1'\nstock = 61", [(14, "products.x.stock", "more_than_shop")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_document_says_so_at_its_line(text: str, expected: list[tuple[int, str, str]]) -> None:
    """Each text is added to a sound campaign without plays."""
    assert [problem for problem in said(HEAD + text) if problem[2] != "no_plays"] == expected


BROKEN_PLAYS = [
    ("unknown play", ('play = "tombola"', 'play = "tombolla"'), [(22, "plays.evening.play", "unknown_play")]),
    ("no play", ('play = "tombola"\n', ""), [(21, "plays.evening", "missing_key")]),
    ("unknown key", ("tickets = 40", "tikets = 40"), [(29, "plays.evening.tikets", "unknown_key")]),
    ("a field that the campaign fills", ("tickets = 40", 'id = "x"'), [(29, "plays.evening.id", "unknown_key")]),
    ("missing key", ("price = 9.90\n", ""), [(21, "plays.evening", "missing_key")]),
    ("digits", ("price = 9.90", "price = 9.905"), [(28, "plays.evening.price", "too_many_digits")]),
    ("too many", ("tickets = 40", "tickets = 1001"), [(29, "plays.evening.tickets", "too_large")]),
    ("too few", ("price = 9.90", "price = 0.00"), [(28, "plays.evening.price", "too_small")]),
    ("unknown audience", ('for = "vip"', 'for = "vips"'), [(24, "plays.evening.for", "unknown_audience")]),
    ("audience of an offer", ("{ vip =", "{ vips ="), [(34, "plays.evening.give.vips", "unknown_audience")]),
    ("unknown product", ('product = "lantern"', 'product = "lanten"'), [(27, "plays.evening.product", "unknown_product")]),
    ("bad rate", ("3 per 60 s", "3/60s"), [(26, "plays.evening.rate", "bad_rate")]),
    ("bad offer", ("5.00 off 49.00", "5.00 of 49.00"), [(33, "plays.evening.consolation", "bad_offer")]),
    ("an offer of nothing", ("5.00 off 49.00", "0.00 off 49.00"), [(33, "plays.evening.consolation", "too_small")]),
    ("bad window", ("for 30 minutes", "for 30 moons"), [(35, "plays.evening.draws[0]", "bad_window")]),
    ("a phase that is none", ("live 20:00", "life 20:00"), [(35, "plays.evening.draws[0]", "unknown_phase")]),
    ("a phase without a beginning", ('"warm_up", days', '"review", days'), [(36, "plays.evening.valid.from", "unknown_phase")]),
    ("a validity of no days", ("days = 7", "days = 0"), [(36, "plays.evening.valid.days", "too_small")]),
    ("what the play itself refuses", ("price = 9.90", "price = 99.00"), [(21, "plays.evening", "rules_refused")]),
    ("a window after the end", ("live + 1 day 20:00", "wrap_up - 1 hour"), [(35, "plays.evening.draws[1]", "window_outside_play")]),
    ("windows on each other", ("live + 1 day 20:00", "live 20:15"), [(35, "plays.evening.draws[1]", "windows_overlap")]),
    ("opens before the warm-up", ('for = "vip"', 'opens = 2026-02-27'), [(24, "plays.evening.opens", "outside_phases")]),
    ("closes before it opens", ('for = "vip"', 'closes = "live"'), [(24, "plays.evening.closes", "closes_before_opening")]),
    ("never reached", ('vip = "8.00 off", everybody = "4 off 19.50"', 'everybody = "4 off", vip = "8 off"'), [(34, "plays.evening.give.vip", "never_reached")]),
    ("below cost", ("cost = 9.90", "cost = 10"), [(21, "plays.evening", "free_accounts"), (28, "plays.evening.price", "below_cost")]),
    ("more money than there is", ("total = 500.00", "total = 120.49"), [(13, "budget.total", "over_budget")]),
    ("more than it should cost", ("total = 500.00", "total = 197.99"), [(13, "budget.total", "worst_cost_over_budget")]),
    ("more boxes than there are", ("stock = 60", "stock = 1"), [(16, "products.lantern", "over_stock")]),
    ("phases out of order", ("live = 2026-03-03T00:00:00", "live = 2026-03-07T00:00:00"), [(9, "phases.wrap_up", "phases_out_of_order")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"), [case[1:] for case in BROKEN_PLAYS], ids=[case[0] for case in BROKEN_PLAYS]
)
def test_a_broken_play_says_so_at_its_line(change: tuple[str, str], expected: list[tuple[int, str, str]]) -> None:
    assert change[0] in HEAD + TOMBOLA
    assert said((HEAD + TOMBOLA).replace(*change)) == expected


def test_every_problem_is_reported_not_the_first() -> None:
    text = (
        (HEAD + TOMBOLA).replace("price = 9.90", "price = 9.905").replace("for = ", "foor = ").replace('"L-1"', '"L-2"')
    )
    assert said(text) == [
        (17, "products.lantern.sku", "not_in_shop"),
        (24, "plays.evening.foor", "unknown_key"),
        (28, "plays.evening.price", "too_many_digits"),
    ]


def test_a_problem_names_the_value_and_the_remedy_in_both_languages() -> None:
    text = (HEAD + TOMBOLA).replace('for = "vip"', 'for = "vipp"')
    (problem,) = read(text, SHOP).problems
    assert (problem.level, problem.line, problem.column) == ("stop", 24, 1)
    assert problem.what == Text(zh='没有人群 "vipp"', en='There is no audience called "vipp"')
    assert problem.remedy == Text(zh="是不是 vip？", en="Did you mean vip?")


def test_a_document_without_its_facts_is_checked_for_form_and_says_what_was_not_compared() -> None:
    assert said(HEAD + TOMBOLA, Facts()) == [(16, "products", "shop_not_asked")]


def test_sections_that_are_not_run_yet_are_kept_and_said_to_be() -> None:
    text = (
        HEAD
        + "[journeys.wake]\nenter = 'audience silent'\nsteps = [{ id = 'a', wait = '3 days', or = 'order.paid' }]\n"
    )
    found = read(text, SHOP)
    assert [(p.line, p.level, p.code) for p in found.problems if p.level == "hint"] == [(12, "hint", "not_run_yet")]
    assert found.document is not None
    assert found.document.journeys["wake"].steps[0].or_ == "order.paid"
    assert found.sound


EXAMPLE = (Path(__file__).parents[2] / "docs" / "examples" / "mid-autumn.toml").read_text()
ODD = st.sampled_from(
    ["", "x", "x = 1", "[plays]", "[[plays]]", "plays = 1", "zone = 'Mars'", "live = 5", 'live = "live"', "a = nan", "\"\"\"", "tasks = 1",
     "play = 'coupon'", "total = 1e400", "target = -1", "'' = 1", "[products.x]", "give = []", "slots = [1, {}]", "opens = 10:00:00"]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(EXAMPLE.split("\n")) - 1), st.none() | ODD), min_size=1, max_size=6))
def test_whatever_is_written_is_answered_with_problems_at_lines_that_exist(
    changes: list[tuple[int, str | None]],
) -> None:
    """Lines of the example are dropped or replaced by odd ones: never an exception, always a place."""
    lines: list[str | None] = list(EXAMPLE.split("\n"))
    for at, odd in changes:
        lines[at] = odd
    text = "\n".join(line for line in lines if line is not None)
    found = read(text, SHOP)
    assert found.document is not None or any(problem.level == "stop" for problem in found.problems)
    for problem in found.problems:
        assert 1 <= problem.line <= text.count("\n") + 1
        assert problem.what.zh
        assert problem.what.en
        assert "{" not in problem.code


def test_a_promotion_of_a_product_the_shop_must_price_is_not_a_mistake_before_it_was_asked() -> None:
    text = f'{HEAD}[products.cup]\nsku = "7"\n[plays.cups]\nplay = "promotion"\ntitle = {{ zh = "杯", en = "Cups" }}\ngives = "10 % off"\non = "cup"\n'
    assert [code for _, _, code in said(text, Facts())] == ["shop_not_asked"]
    assert [code for _, _, code in said(text.replace('on = "cup"', 'on = "pot"'), Facts())][-1] == "unknown_product"
