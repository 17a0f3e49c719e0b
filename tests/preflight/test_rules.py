"""Rules one by one: what they cannot know, what a workspace may change, fixes that put things right, and figures worked by hand."""
# ruff: noqa: E501 - a table is read across

from decimal import Decimal
from math import inf

import pytest
from msgspec.structs import replace

from miaohui import preflight
from miaohui.campaign import chain
from miaohui.campaign.edits import edit
from miaohui.campaign.facts import Past
from miaohui.campaign.reader import read
from miaohui.preflight import margin
from tests.preflight.conftest import AUGUST, FACTS, SOUND, found, planted

DAY_MS = 86_400_000
LIVE_MS = AUGUST + 54 * DAY_MS + 16 * 3_600_000  # 2026-09-25 00:00 in Shanghai


def rulings(text: str, **facts: object) -> dict[str, tuple[int, tuple[str, ...]]]:
    """Rule -> findings, what is not known."""
    read_ = read(text, replace(FACTS, **facts))
    return {one.rule: (one.findings, tuple(why.en for why in one.not_known)) for one in read_.rulings}


def test_each_rule_is_found_by_its_name_and_says_what_it_says_in_both_languages() -> None:
    assert len(preflight.names()) >= 25
    for name in preflight.names():
        rule = preflight.find(name)
        assert rule.__doc__, name
        for kept in (rule.TITLE, *(part for says in rule.SAYS.values() for part in (says.what, says.remedy, says.why))):
            assert kept is None or (kept.zh and kept.en), name
        limits = [limit for limit in preflight.limits().values() if limit.name.split(".")[0] == name]
        assert all(limit.says.zh and limit.unit.en for limit in limits)
    assert {limit.name.split(".")[0] for limit in preflight.limits().values()} <= set(preflight.names())


def test_no_code_is_said_by_two_rules() -> None:
    codes = [code for name in preflight.names() for code in preflight.find(name).SAYS]
    assert len(codes) == len(set(codes))


def test_what_is_not_known_is_said_and_is_not_a_pass() -> None:
    found_ = rulings(SOUND, others=None)
    assert found_["clash"] == (0, ("It was not compared with other campaigns",))
    assert found_["rehearsal"] == (0, ("It was not rehearsed: this version cannot rehearse yet",))
    assert found_["prior"][1] == (
        "There are not enough archived cases to compare with: gmv, visitors, conversion, basket",
    )
    assert not next(one for one in read(SOUND, FACTS).rulings if one.rule == "rehearsal").passed
    assert next(one for one in read(SOUND, FACTS).rulings if one.rule == "margin").passed


def test_a_workspace_changes_a_threshold() -> None:
    assert [p.code for p in found(SOUND, replace(FACTS, limits={"short_run.least_days": Decimal(4)}))] == ["short_run"]
    text = planted(("wrap_up = 2026-09-28", "wrap_up = 2026-09-27"), ("days = 8", "days = 7"))
    assert found(text, replace(FACTS, limits={"short_run.least_days": Decimal(2)})) == []


def test_an_own_day_may_be_short_after_three_editions() -> None:
    text = planted(("lunar_festival", "own_day"), ("wrap_up = 2026-09-28", "wrap_up = 2026-09-26"), ("days = 8", "days = 6"))  # fmt: skip
    assert [p.code for p in found(text, replace(FACTS, editions=2))] == ["short_run"]
    assert found(text, replace(FACTS, editions=3)) == []
    assert rulings(text)["short_run"] == (0, ("It is not known how many editions of this own day there were",))


def test_a_hot_spot_has_no_preparation() -> None:
    text = planted(("lunar_festival", "hot_spot"), ("warm_up = 2026-09-20\n", ""), ("wrap_up = 2026-09-28", "wrap_up = 2026-09-26"), ('from = "warm_up", days = 8', 'from = "live", days = 1'), ("workdays = 7", "workdays = 300"))  # fmt: skip
    assert found(text) == []


def test_a_plan_is_late_by_the_work_that_is_left() -> None:
    september = replace(FACTS, now_ms=LIVE_MS - 10 * DAY_MS)  # the 15th, work has begun
    assert rulings(SOUND, now_ms=september.now_ms)["late"] == (
        0,
        ("Work has begun, and it is not known which tasks are done",),
    )
    assert [p.code for p in found(SOUND, replace(september, done_tasks=frozenset()))] == ["plan_late"]
    assert [p.code for p in found(SOUND, replace(september, done_tasks=frozenset({"goal"})))] == ["plan_late"]
    assert found(SOUND, replace(september, done_tasks=frozenset({"goal", "pages"}))) == []
    late = found(SOUND, replace(september, done_tasks=frozenset({"goal"})))[0]
    assert late.why is not None
    assert late.why.en == "Counted back from the warm-up on 2026-09-20 along the critical path: pages"
    assert late.overridable


def test_two_campaigns_for_the_same_people_and_product() -> None:
    other = planted(('"tea-fair"', '"moon"'), ('zh = "茶会", en = "Tea fair"', 'zh = "赏月", en = "Moon night"'))
    moon, apart = (read(text, FACTS).document for text in (other, other.replace("2026-09-2", "2026-10-2")))
    assert moon is not None
    assert apart is not None
    problems = found(SOUND, replace(FACTS, others=(moon, apart)))
    assert [(p.code, p.path) for p in problems] == [
        ("same_product", "products.tea"),
        ("same_product", "products.cup"),
        ("same_audience", "plays"),
        ("same_hour", "journeys"),
    ]
    assert problems[2].what.zh == "与“赏月”同时面向同一人群：silent"
    assert problems[3].what.en == 'On 2026-09-20 "Moon night" uses the same channel in the same hours: sms evening'
    assert found(SOUND, replace(FACTS, others=(apart,))) == []


def test_a_week_beyond_the_cap() -> None:
    other = read(planted(('"tea-fair"', '"moon"'), ("live    = 2026-09-25", "live    = 2026-09-26")), FACTS).document
    assert other is not None
    tight = planted(("per_week = 3", "per_week = 1"))
    codes = [p for p in found(tight, replace(FACTS, others=(other,))) if p.code == "week_too_full"]
    assert [p.what.en for p in codes] == ["In the week of 2026-09-14 silent would get 2 messages, 1 is the cap"]
    assert found(tight) == []  # its own message alone


def test_a_goal_beyond_what_cases_reached() -> None:
    cases = {"basket": (Decimal(90), Decimal(100), Decimal(110), Decimal(120), Decimal(130), Decimal(151))}
    (problem,) = found(SOUND, replace(FACTS, past=Past(cases=cases)))
    assert problem.what.en == "The goal basket = 150: 1 of 6 cases reached it"
    assert (
        found(SOUND, replace(FACTS, past=Past(cases={"basket": cases["basket"][1:]}))) == []
    )  # one of five is not below a fifth


FIXED = [
    ("stock", [("stock   = 200", "stock   = 301")], "stock   = 300"),
    ("exclusive", [('stacks  = "none"', 'stacks  = "coupons" # why not'), ("price   = 120.00", "price   = 100.00")], 'stacks  = "none" # why not'),
    ("control", [("[control]\nshare = 5\n", "")], "[control]\nshare = 5"),
    ("budget", [("count = 500", "count = 500\nbudget = 30_000.01")], "total = 30000.01"),
    ("evening", [('when = "evening"', 'when = "afternoon"')], 'when = "evening"'),
    ("quiet", [(', quiet = "21:30-09:00"', "")], 'quiet = "21:30-09:00"'),
    ("caps", [("per_day = 1, per_week = 3, ", "")], "per_day = 1, per_week = 3"),
]  # fmt: skip


@pytest.mark.parametrize("case", FIXED, ids=[case[0] for case in FIXED])
def test_one_click_puts_it_right_and_nothing_else(case: tuple) -> None:  # type: ignore[type-arg]
    text = planted(*case[1])
    (problem,) = found(text)
    assert problem.fix is not None
    assert problem.fix.label.zh
    mended = edit(text, problem.fix.edits)
    assert case[2] in mended
    assert found(mended) == []
    assert abs(len(mended.splitlines()) - len(text.splitlines())) <= 3


def test_the_worst_stack_worked_by_hand() -> None:
    """30.00 a cup, "20.00 off 99.00": 4 cups reach it, 120.00 - 20.00 = 100.00, 25.00 a cup."""
    text = planted(('silent = "30.00 off 199.00", everybody = "20.00 off 169.00"', 'everybody = "20.00 off 99.00"'), ("[plays.wheel]", '[plays.cups]\nplay = "flash_sale"\nproduct = "cup"\nprice = 29.00\nslots = ["live 12:00 for 1 hour"]\nstock = 9\nstacks = "coupons"\n[plays.wheel]'))  # fmt: skip
    document = read(text, FACTS).document
    assert document is not None
    stacks = {(stack.product.name, stack.play): (stack.pieces, stack.worst_minor) for stack in margin.worst(document)}
    assert stacks == {("cup", "cups"): (4, 2400), ("cup", ""): (4, 2500), ("tea", ""): (1, 14_800)}


def test_a_share_chain_worked_by_hand() -> None:
    assert round(chain.first_for(0.5, 0.7), 2) == 0.38
    endless = chain.Share(share=1, reach=0.567, open=1, join=1, decay=0.7, ceiling=inf)
    assert round(chain.carried(2_000, endless).new) == 1_737
    assert [round(0.567 * 0.7**n, 4) for n in range(6)] == [0.567, 0.3969, 0.2778, 0.1945, 0.1361, 0.0953]


def test_a_share_chain_beyond_the_cases() -> None:
    """5,000 by other ways, 3,000 by share: 0.6 of each, K1 0.43."""
    cases = {"k1": (Decimal("0.20"), Decimal("0.41"), Decimal("0.31"))}
    (problem,) = found(SOUND, replace(FACTS, past=Past(cases=cases)))
    assert (problem.code, problem.path) == ("share_chain_beyond_cases", "goals.visitors.by.share")
    assert "each must bring 0.43 in the first wave" in problem.what.en
    assert problem.why is not None
    assert problem.why.en == "Nine of ten of the 3 finished campaigns stayed below 0.41"
    assert found(SOUND, replace(FACTS, past=Past(cases={"k1": (*cases["k1"], Decimal("0.45"))}))) == []
    assert rulings(SOUND, past=Past(cases={"k1": cases["k1"][:2]}))["share_chain"] == (
        0,
        ("There are not enough archived cases of share chains to compare with",),
    )


def test_a_prize_against_the_usual_order() -> None:
    """Without a goal for the basket the median of the shop's orders counts: 20.00 is more than 20 times 0.90."""
    text = planted(
        ("[goals.basket]\ntarget = 150.00\n", ""), ("visitors * conversion * basket", "visitors * conversion")
    )
    assert "prize_not_believed" not in {p.code for p in found(text)}
    problems = found(text, replace(FACTS, past=Past(median_order_minor=90)))
    assert {p.what.en for p in problems if p.code == "prize_not_believed"} >= {
        "A prize of 20.00 CNY is not believed: 22.2 baskets"
    }


def test_one_coupon_for_all_is_pointed_out() -> None:
    (problem,) = found(planted(('silent = "30.00 off 199.00", ', "")))
    assert (problem.code, problem.level, problem.path) == ("same_offer_for_all", "hint", "plays")
    assert problem.what.en == "3 plays are the same for everybody"


def test_a_promotion_whose_codes_are_not_made() -> None:
    once = '\n[plays.insiders]\nplay = "promotion"\ngives = "5 % off"\nsingle_use = true\n'
    open_ = '\n[plays.open]\nplay = "promotion"\ngives = "5 % off"\ncodes = ["TEA"]\n'
    (problem,) = [p for p in found(SOUND + once + open_, replace(FACTS, coded=frozenset({"open"}))) if p.code == "no_codes"]  # fmt: skip
    assert (problem.level, problem.path, problem.rule) == ("warn", "plays.insiders.single_use", "code_batches")
    assert problem.what.en == "insiders takes codes that work once, and none are made yet"
    assert problem.what.zh == "促销 insiders 要一次性优惠码，还没有生成"
    assert problem.way is not None
    assert (problem.way.page, problem.way.label.en) == ("promotions?edit=insiders#h-batches", "Make codes")
    assert rulings(SOUND + once, coded=frozenset({"insiders"}))["code_batches"] == (0, ())
    assert rulings(SOUND + once)["code_batches"] == (0, ("It was not looked up whether codes are made",))
    assert rulings(SOUND + open_)["code_batches"] == (0, ())
