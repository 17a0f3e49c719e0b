"""Prices over HTTP: carts, explanations, claims that orders are placed with, product pages, drafts."""

from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from miaohui.host.fairground import Fairground
from miaohui.host.setup import Setup
from miaohui.plays import find
from miaohui.plays._fields import Given, Offer
from miaohui.pricing.effects import Nth, Percent, Reduction, Tier
from miaohui.text import Text
from tests.api_scene import serving

EVER = 32_503_000_000_000
FULL = Reduction(tiers=(Tier(at_least=5000, off_minor=1000),))
TITLES = {
    "full": Text("满减", "Full reduction"),
    "code": Text("暗号", "The code"),
    "second": Text("第二件半价", "Second half price"),
}


def promotion(play, gives, *, head=None, **rules):
    made = find("promotion").Rules(id=f"fair/{play}", currency="USD", gives=gives, **rules)
    fields = {"opens_ms": 0, "ends_ms": EVER, "title": TITLES.get(play, Text(play, play))} | (head or {})
    return Setup(campaign="fair", play=play, module="promotion", currency="USD", rules=made, **fields)


SETUPS = (
    promotion("full", (FULL,)),
    promotion("code", (Percent(off_ppm=100_000),), codes=("TEA10",), uses=2, per_customer=1, show_code=True),
    promotion("vips", (Percent(off_ppm=500_000),), head={"audience": "vip"}),
    promotion("later", (Percent(off_ppm=500_000),), head={"opens_ms": EVER - 1}),
    promotion("ship", (Percent(off_ppm=1_000_000, target="shipping"),), from_minor=3000),
)


@asynccontextmanager
async def shop(database, vault, *setups, budget=100_000):
    """A fair of promotions, and a shop that asks."""
    async with serving(database, None, vault) as (workspace, client):
        assert await Fairground(workspace.host, database).open("fair", setups or SETUPS, "USD", budget) is None
        yield workspace, client


def cart(*lines, **more):
    named = ("line", "sku", "quantity", "unit_price_minor")
    return {"currency": "USD", "lines": [dict(zip(named, line, strict=True)) for line in lines], **more}


async def prices(client, body, status=200, **headers):
    answer = await client.post("/api/v1/prices", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def told(quote):
    return {x["play"]: (x["status"], x["code"], x["sentence"]) for x in quote["promotions"]}


async def test_a_cart_is_priced_and_every_promotion_is_explained(database, vault):
    async with shop(database, vault) as (_, client):
        quote = await prices(client, cart(("1", "tea", 2, 2000), shipping_minor=500, customer="7"))
        assert (quote["list_minor"], quote["discount_minor"], quote["total_minor"]) == (4500, 500, 4000)
        assert quote["claims"] == [
            {"campaign": "fair", "play": "ship", "instance": "", "coupon": "", "code": "", "line": ""}
        ]
        assert told(quote) == {
            "full": ("not_eligible", "spend_more", "$10.00 more for $10.00 off"),
            "ship": ("applied", "applied", "Saves $5.00 (free shipping)"),
            "vips": ("not_eligible", "not_in_audience", "This is for invited customers only"),
            "later": ("not_eligible", "not_open", "It is not open yet"),
        }
        zh = await prices(client, cart(("1", "tea", 2, 2000)), **{"Accept-Language": "zh"})
        assert told(zh)["full"][2] == "再买 US$10.00 可享减 US$10.00"


async def test_the_claims_of_the_answer_place_the_order_at_the_total_that_was_shown(database, vault):
    async with shop(database, vault) as (_, client):
        body = cart(("1", "tea", 3, 2000), shipping_minor=500, customer="7", codes=["tea10"])
        quote = await prices(client, body)
        assert quote["total_minor"] == 4500  # 60.00 - 10.00, then 10 %: the code's lane comes after the order's
        assert quote["codes"] == [
            {"code": "tea10", "accepted": True, "reason": "applied", "sentence": "Saves $5.00 (10% off)"}
        ]
        order = {"customer": "7", "claims": quote["claims"], "total_minor": quote["total_minor"]}
        order |= {name: body[name] for name in ("currency", "lines", "shipping_minor")}
        placed = await client.post("/api/v1/orders/A1/placed", json=order, headers={"Idempotency-Key": "a"})
        assert (placed.status_code, placed.json()["total_minor"]) == (200, 4500)
        again = await prices(client, body)
        assert (again["total_minor"], again["codes"][0]["reason"]) == (5000, "used_by_you")
        stale = await client.post(
            "/api/v1/orders/A2/placed",
            json=order | {"customer": "8", "total_minor": 1},
            headers={"Idempotency-Key": "b"},
        )
        assert (stale.status_code, stale.json()["code"]) == (409, "price_changed")
        assert stale.json()["sentence"] == "It comes to $45.00 now, not $0.01"


async def test_codes_that_do_not_help_say_why(database, vault):
    async with shop(database, vault) as (_, client):
        quote = await prices(client, cart(("1", "tea", 1, 100), codes=["NOPE"]))
        assert quote["codes"] == [
            {"code": "NOPE", "accepted": False, "reason": "unknown_code", "sentence": "There is no such code"}
        ]
        assert "code" not in told(quote)  # nobody learns of a code that he did not type


async def test_a_refused_order_says_what_the_cart_would(database, vault):
    async with shop(database, vault) as (_, client):
        order = cart(("1", "tea", 1, 2000), customer="7", claims=[{"campaign": "fair", "play": "full"}])
        answer = await client.post("/api/v1/orders/A1/placed", json=order, headers={"Idempotency-Key": "a"})
        assert answer.status_code == 409
        assert (answer.json()["code"], answer.json()["sentence"]) == ("spend_more", "$30.00 more for $10.00 off")
        assert answer.json()["data"] == {
            "missing_minor": 3000, "at_least_minor": 5000, "claim": 0, "campaign": "fair", "play": "full",
        }  # fmt: skip


async def test_a_coupon_and_a_budget_that_ended(database, vault):
    coupon = Setup(
        campaign="fair", play="coupon", module="coupon", currency="USD", opens_ms=0, ends_ms=EVER, title=Text("券", "Coupon"),
        rules=find("coupon").Rules(id="fair/coupon", currency="USD", give=(Given("everybody", Offer(500)),), count=9),
    )  # fmt: skip
    async with shop(database, vault, coupon, promotion("full", (FULL,)), budget=1400) as (_, client):
        taken = await client.post(
            "/api/v1/plays/fair/coupon/claim", json={"customer": "7"}, headers={"Idempotency-Key": "k"}
        )
        claims = [{"campaign": "fair", "play": "coupon", "coupon": taken.json()["coupon"]}]
        quote = await prices(client, cart(("1", "tea", 1, 6000), customer="7", claims=claims))
        assert quote["total_minor"] == 5500  # the coupon has promised 5.00 of 14.00: 10.00 more are not there
        assert told(quote)["full"][1] == "over_budget"
        assert [claim["play"] for claim in quote["claims"]] == ["coupon"]
        other = await prices(client, cart(("1", "tea", 1, 6000), customer="8", claims=claims))
        assert other["not_granted"] == [
            {
                "campaign": "fair",
                "play": "coupon",
                "code": "not_yours",
                "sentence": "This coupon belongs to somebody else",
                "data": {},
            }
        ]


async def test_many_carts_at_once_and_what_cannot_be_read(database, vault):
    async with shop(database, vault) as (_, client):
        both = await prices(client, [cart(("1", "tea", 3, 2000)), cart(("1", "tea", 1, 2000))])
        assert [quote["total_minor"] for quote in both] == [5000, 2000]
        assert (await prices(client, [], 422))["code"] == "bad_request"
        assert (await prices(client, cart(("1", "tea", 0, 2000)), 422))["data"]["field"] == "quantity"
        assert (await prices(client, cart(("shipping", "tea", 1, 2000)), 422))["data"]["field"] == "line"
        floor = cart(("1", "tea", 1, 2000))
        floor["lines"][0]["min_price_minor"] = -1
        assert (await prices(client, floor, 422))["data"]["wanted"] == "0 or more"
        facts = cart(("1", "tea", 1, 2000), facts={"points": -5})
        assert (await prices(client, facts, 422))["data"]["field"] == "facts"
        assert (await client.post("/api/v1/prices", json={}, headers={"Authorization": ""})).status_code == 401


async def test_a_cart_without_limits_costs_no_query(database, vault):
    async with shop(database, vault, promotion("full", (FULL,))) as (workspace, client):
        await prices(client, cart(("1", "tea", 3, 2000)))
        asked = []
        workspace.glance.db = type("Db", (), {"__getattr__": lambda self, name: asked.append(name)})()
        assert (await prices(client, cart(("1", "tea", 4, 2000))))["total_minor"] == 7000
        assert asked == []


async def test_product_pages_know_the_lowest_price_and_how_to_come_to_it(database, vault):
    second = promotion("second", (Nth(off_ppm=500_000),), on=find("promotion").Scope(skus=("cup",)))
    async with shop(database, vault, *SETUPS, second) as (_, client):
        body = {"currency": "USD", "products": [{"sku": s, "unit_price_minor": 1000} for s in ("tea", "cup")]}
        listed = (await client.post("/api/v1/prices/listing", json=body)).json()
        assert [(x["sku"], x["price_minor"], x["from_minor"], x["code"], x["pieces"]) for x in listed] == [
            ("tea", 1000, 900, "TEA10", 1),
            ("cup", 1000, 675, "TEA10", 2),
        ]


DRAFT = (Path(__file__).parents[2] / "docs/examples/tea-days.toml").read_text()


async def test_a_draft_is_tried_before_it_runs(database, vault, store):
    async with serving(database, store, vault) as (workspace, client):
        async with database.acquire() as c:
            for sku, price in (("green-tea", 6800), ("oolong", 5800), ("cup", 2500)):
                await c.execute(
                    "insert into product (sku, title_zh, title_en, list_price_minor, currency) values ($1, $1, $1, $2, 'CNY')",
                    sku, price,
                )  # fmt: skip
                assert await Fairground(workspace.host, database).stock(sku, 5000, "first") is None
        wanted = cart(("1", "green-tea", 2, 6800), ("2", "cup", 3, 2500), shipping_minor=800, codes=["spring12"])
        body = {"carts": [wanted | {"currency": "CNY"}], "text": DRAFT, "audiences": ["regulars"]}
        answer = (await client.post("/api/v1/prices/draft", json=body)).json()
        assert [p for p in answer["problems"] if p["level"] == "stop"] == []
        [quote] = answer["prices"]
        # tea 136.00 - 34.00, cups 60.00: 162.00; 20.00 off 150.00 is the best: 142.00; 12 %: 17.04; delivery free
        assert quote["total_minor"] == 12496
        assert told(quote)["cup-gift"][1] == "spend_more"
        stranger = (await client.post("/api/v1/prices/draft", json=body | {"audiences": []})).json()["prices"][0]
        assert (stranger["total_minor"], stranger["codes"][0]["reason"]) == (14200, "not_in_audience")
        broken = (
            await client.post(
                "/api/v1/prices/draft", json=body | {"text": DRAFT.replace("20.00 off 150.00", "much off")}
            )
        ).json()
        assert (broken["prices"], [p["code"] for p in broken["problems"] if p["level"] == "stop"]) == (
            [],
            ["bad_gives"],
        )


@pytest.mark.parametrize("how", ["text", "campaign"])
async def test_a_draft_needs_a_caller_who_may_see_it(database, vault, how):
    async with serving(database, None, vault) as (_, client):
        answer = await client.post(
            "/api/v1/prices/draft", json={"carts": [cart(("1", "a", 1, 1))], how: "x"}, headers={"Authorization": ""}
        )
        assert answer.status_code == 401
