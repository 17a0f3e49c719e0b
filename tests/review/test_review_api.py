"""GET /api/v1/campaigns/{id}/review."""

from types import SimpleNamespace
from typing import Any

from miaohui.vault import Vault
from tests.api_scene import serving
from tests.review.conftest import ANN, DOCUMENT, Ran


async def test_a_past_campaign(journey: SimpleNamespace, vault: Vault) -> None:
    async with serving(journey.db, journey.events, vault) as (_, program):
        answer = await program.get("/api/v1/campaigns/cj-13/review")
    assert answer.status_code == 200
    review = answer.json()
    assert (review["reached"], review["bought_promoted"], review["redeemed"]) == (1077, 1041, 196)
    assert (review["took_part"], review["missing"]["took_part"]["reason"]) == (None, "not in the data")
    assert review["missing"]["return_ppm"]["label"] == {"zh": "- 数据中没有", "en": "- not in the data"}
    assert review["findings"][0]["evidence"] == "observed"


async def test_a_campaign_that_runs_here(ran: Ran, vault: Vault) -> None:
    await keep(ran.db, DOCUMENT)
    await ran.coupon_order("o1", ANN)
    await ran.relay()
    async with serving(ran.db, ran.store, vault) as (_, program):
        answer = await program.get("/api/v1/campaigns/fair/review")
    assert answer.status_code == 200
    review = answer.json()
    assert (review["paid"], review["sales_minor"], review["balanced"]) == (1, 4500, True)
    assert [check["difference"] for check in review["checks"]] == [0, 0, 0, 0, 0, 0]
    assert review["goals"][0]["target"] == "150.00"


async def test_who_may_not_and_what_is_not_there(database: Any, store: Any, vault: Vault) -> None:
    async with serving(database, store, vault) as (_, program):
        unknown = await program.get("/api/v1/campaigns/cj-99/review")
        anonymous = await program.get("/api/v1/campaigns/cj-13/review", headers={"Authorization": "Bearer no"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_campaign")
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "unauthorised")


async def keep(db: Any, text: str) -> None:
    """The document as a campaign that was approved and is live."""
    await db.execute(
        """insert into campaign (id, state, version, approved, name_zh, name_en, zone, opens_ms, live_ms, wrap_up_ms)
           values ('fair', 'live', 1, 1, '', '', 'America/New_York', 1, 1, 2)"""
    )
    await db.execute("insert into campaign_version (campaign, version, text, by) values ('fair', 1, $1, 'tests')", text)
