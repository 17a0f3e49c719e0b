"""Reviews of the imported history: the six truths, null where the data holds nothing, never a lift."""

from datetime import date
from types import SimpleNamespace

import msgspec
import pytest

from miaohui.customers.complete_journey import source
from miaohui.review.figures import NOT_IN_THE_DATA, Day, Review, Shopping
from miaohui.review.past import past_review
from miaohui.text import Text


async def reviewed(journey: SimpleNamespace, campaign: str) -> Review:
    """The review of a campaign that is there."""
    review = await past_review(journey.db, journey.events, campaign)
    assert review is not None
    return review


@pytest.mark.parametrize(
    ("campaign", "reached", "bought_promoted", "redeemed", "redemptions"),
    [
        ("cj-8", 1076, 1033, 158, 372),
        ("cj-13", 1077, 1041, 196, 629),
        ("cj-18", 1133, 1096, 214, 653),
        ("cj-23", 183, 42, 3, 8),
        ("cj-26", 118, 84, 12, 22),
        ("cj-27", 361, 310, 36, 64),
    ],
)
async def test_the_truths(
    journey: SimpleNamespace, campaign: str, reached: int, bought_promoted: int, redeemed: int, redemptions: int
) -> None:
    review = await reviewed(journey, campaign)
    assert (review.reached, review.bought_promoted) == (reached, bought_promoted)
    assert (review.redeemed, review.redemptions) == (redeemed, redemptions)


async def test_reach_and_redemptions_add_up_to_the_data(journey: SimpleNamespace) -> None:
    reviews = [await reviewed(journey, f"cj-{n}") for n in range(1, 28)]
    assert sum(review.reached or 0 for review in reviews) == 6_589
    assert sum(review.redemptions or 0 for review in reviews) == 2_102
    types = [review.title.en[-2] for review in reviews]
    assert (types.count("A"), types.count("B"), types.count("C")) == (4, 17, 6)


async def test_one_review_whole(journey: SimpleNamespace) -> None:
    review = await reviewed(journey, "cj-13")
    assert review.title == Text("历史活动 13（A 类）", "Past campaign 13 (type A)")
    assert (review.starts_on, review.ends_on) == (date(2017, 8, 8), date(2017, 9, 24))
    assert (review.days_in_window, review.covered_days, review.shift_days) == (48, 48, 0)
    assert (review.history, review.evidence, review.coupons, review.coupons_used) == (True, "observed", 207, 629)
    assert review.shopping == Shopping(orders=14_163, customers=1_050, sales_minor=416_088_88, discount_minor=74_478_19)
    assert [(step.name, step.customers, step.of_reached) for step in review.funnel] == [
        ("reached", 1077, 1077), ("took_part", None, None), ("bought_promoted", 1041, 1041), ("redeemed", 196, 196),
    ]  # fmt: skip
    assert review.days[0] == Day(
        on_date=date(2017, 8, 8),
        orders=320,
        customers=254,
        sales_minor=8_379_18,
        discount_minor=1_363_08,
        redemptions=5,
    )
    assert len(review.days) == 48
    assert sum(day.sales_minor for day in review.days) == 416_088_88
    assert sum(day.redemptions for day in review.days) == 629


async def test_what_the_data_does_not_hold_is_null_with_its_reason(journey: SimpleNamespace) -> None:
    review = await reviewed(journey, "cj-13")
    written = msgspec.json.decode(msgspec.json.encode(review))
    nulls = {name for name, value in written.items() if value is None} - {
        "balanced",
        "simulated",
        "return_evidence",
        "until",
    }
    assert nulls == set(review.missing) - {"goals"}
    assert set(review.missing.values()) == {NOT_IN_THE_DATA}
    assert NOT_IN_THE_DATA.label.en == "- not in the data"
    assert {"took_part", "coupons_issued", "goals", "cost_minor", "return_ppm", "discount_minor"} <= set(review.missing)
    assert (review.goals, review.checks, review.plays) == ((), (), ())


async def test_findings_are_observed_and_claim_no_effect(journey: SimpleNamespace) -> None:
    review = await reviewed(journey, "cj-13")
    assert [finding.judgement.en for finding in review.findings] == [
        "1,041 of 1,077 reached households (96.7%) bought a promoted product during the campaign",
        "196 households (18.2% of those reached) used 629 coupons",
        "The best day for sales of reached customers was 26 Aug 2017: $11,407",
    ]
    assert review.findings[0].judgement.zh == "触达的 1,077 户中，1,041 户（96.7%）在活动期间买过活动商品"
    assert {finding.evidence for finding in review.findings} == {"observed"}
    said = " ".join(f"{f.judgement.en} {f.because.en} {f.next.en}".lower() for f in review.findings)
    assert not any(word in said for word in ("lift", "uplift", "thanks to", "increased"))


async def test_a_campaign_that_the_year_does_not_cover_says_so(journey: SimpleNamespace) -> None:
    review = await reviewed(journey, "cj-15")
    assert (review.days_in_window, review.covered_days) == (162, 103)
    assert review.findings[-1].judgement.en == "The data covers 103 of the campaign's 162 days"


async def test_a_campaign_that_is_not_there_is_none(journey: SimpleNamespace) -> None:
    assert await past_review(journey.db, journey.events, "cj-28") is None


async def test_windows_are_days_of_new_york(journey: SimpleNamespace) -> None:
    """The same count from the raw file, by the New York dates of its time stamps."""
    review = await reviewed(journey, "cj-8")
    folder = source.installed()
    (raw,) = await journey.events.query(
        f"""select uniqExact(basket_id) as orders, uniqExact(household_id) as customers
            from file('{folder}/transactions.parquet', Parquet)
            where toDate(transaction_timestamp, 'America/New_York') between '2017-05-08' and '2017-06-25'
              and household_id in (select household_id from file('{folder}/campaigns.parquet', Parquet) where campaign_id = 8)"""
    )
    assert review.shopping is not None
    assert {"orders": review.shopping.orders, "customers": review.shopping.customers} == raw
