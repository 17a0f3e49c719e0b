"""Every customers' page on a narrow phone, in both languages: it fits, it is accessible, and it says what is so."""

import re
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, expect

from miaohui import plays
from miaohui.customers.signin import make_link
from miaohui.events.envelope import NOBODY
from miaohui.storefront import views
from miaohui.storefront.views import shortened
from tests.browser import sound
from tests.fair_scene import DAY, HOUR, NOON, Scene, the_plays

LANGUAGES = ("zh", "en")
SHORT = "all => all.filter(e => e.getBoundingClientRect().height < 44 && !e.closest('p')).map(e => e.outerHTML)"
"""What a thumb would miss; a link inside a sentence is as high as its line."""


async def act(scene: Scene, household: str, play: str, action: str, key: str = "k") -> httpx.Response:
    """A tap of a phone, without the phone."""
    async with scene.phone(household) as phone:
        return await phone.post(f"/api/v1/plays/fair/{play}/{action}", json={}, headers={"Idempotency-Key": key})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("household", ["1228", ""])
async def test_every_page_fits_a_phone_and_is_accessible(
    standing: Scene, chromium: Browser, household: str, language: str
) -> None:
    party = (await act(standing, "718", "table-of-three", "open")).json()["party"]
    await act(standing, "1228", "welcome", "claim")
    visitor = await standing.comes(chromium, household, language)
    paths = [
        "/c/fair",
        "/c/fair/welcome",
        "/c/fair/milk-hour",
        "/c/fair/table-of-three",
        f"/c/fair/table-of-three/{party}",
    ]
    for path in [*paths, "/wallet", "/come?next=/c/fair"]:
        answer = await visitor.page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        await sound(visitor)
        shown = visitor.page.locator("a:visible, button:visible, input:visible")
        assert await shown.evaluate_all(SHORT) == [], path
    await visitor.leave()


@pytest.mark.parametrize(
    ("language", "take", "yours", "toast"),
    [
        ("zh", "领取", "已领取，去钱包看", "已放进你的钱包"),
        ("en", "Take it", "Yours: see it in the wallet", "It is in your wallet now"),
    ],
)
async def test_a_coupon_is_taken_with_one_tap_and_lies_in_the_wallet(
    scene: Scene, chromium: Browser, language: str, take: str, yours: str, toast: str
) -> None:
    visitor = await scene.comes(chromium, "1228", language)
    page = visitor.page
    await page.goto("/c/fair")
    await page.get_by_role("button", name=take, exact=True).click()
    await expect(page.locator("#sf-toast")).to_have_text(toast)
    await page.get_by_role("link", name=yours).click()
    await expect(page.locator(".ticket")).to_have_count(1)
    await sound(visitor)
    assert [event.name for event in await scene.events()] == ["coupon.claimed"]
    await visitor.leave()


async def test_a_lost_answer_is_repeated_with_its_key_and_counts_once(scene: Scene, chromium: Browser) -> None:
    visitor = await scene.comes(chromium, "1228", "en")
    keys = []

    async def lose_the_first(route) -> None:  # type: ignore[no-untyped-def]
        keys.append(route.request.headers["idempotency-key"])
        answer = await route.fetch()
        await (route.abort() if len(keys) == 1 else route.fulfill(response=answer))

    await visitor.page.route("**/claim", lose_the_first)
    await visitor.page.goto("/c/fair/welcome")
    await visitor.page.get_by_role("button", name="Take it").click()
    await expect(visitor.page.get_by_role("link", name="Yours: see it in the wallet")).to_be_visible()
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert [event.name for event in await scene.events()] == ["coupon.claimed"]
    await visitor.leave()


@pytest.mark.parametrize(
    ("language", "sentence"), [("zh", "每人限领 1 张，你已经领过了"), ("en", "You already have yours: 1 per customer")]
)
async def test_a_refusal_is_said_in_a_dialog_and_nothing_happens(
    scene: Scene, chromium: Browser, language: str, sentence: str
) -> None:
    visitor = await scene.comes(chromium, "1228", language)
    await visitor.page.goto("/c/fair/welcome")
    await act(scene, "1228", "welcome", "claim")  # meanwhile, on another phone of his
    before = await scene.count()
    await visitor.page.locator(".sf-bar [data-act]").click()
    await expect(visitor.page.locator("#sf-said")).to_have_text(sentence)
    await sound(visitor)
    assert await scene.count() == before
    await visitor.page.locator("[data-close]").click()
    await expect(visitor.page.locator("#sf-say")).to_be_hidden()
    await visitor.leave()


async def test_a_view_is_an_event_of_the_visitor_and_names_who_shared(scene: Scene, chromium: Browser) -> None:
    visitor = await scene.comes(chromium, "1228", "en")
    inviter = scene.households["718"]
    async with visitor.page.expect_response("**/api/v1/events") as answered:
        await visitor.page.goto(f"/c/fair/table-of-three?from={inviter}")
    assert (await (await answered.value).json())["accepted"] == 1
    [view] = await scene.events("page.viewed")
    assert (view.customer, view.campaign, view.channel) == (scene.households["1228"], "fair", "share")
    assert view.properties["page"] == "/c/fair/table-of-three"
    assert view.properties["inviter"] == inviter
    stranger = await scene.comes(chromium, "", "en")
    await stranger.page.goto("/c/fair")
    await stranger.page.wait_for_load_state("networkidle")
    assert [event.customer for event in await scene.events("page.viewed") if event.customer == NOBODY] == []
    await visitor.leave()
    await stranger.leave()


async def test_a_group_of_a_day_counts_its_hours(standing: Scene, chromium: Browser) -> None:
    reply = (await act(standing, "1228", "table-of-three", "open", "hours")).json()
    visitor = await standing.comes(chromium, "718", "en")
    await visitor.page.goto(f"/c/fair/table-of-three/{reply['party']}")
    await expect(visitor.page.locator("[role=timer]")).to_contain_text(
        "00:15:"
    )  # of the sixteen minutes for the leader
    await visitor.leave()


async def test_the_clock_of_a_page_is_the_servers(standing: Scene, chromium: Browser) -> None:
    visitor = await standing.comes(chromium, "1228", "en")
    await visitor.page.clock.set_system_time((NOON - DAY) / 1000)
    await visitor.page.goto("/c/fair/milk-hour")
    await expect(visitor.page.locator(".sale [role=timer]")).to_have_text(
        re.compile(r"00:4\d:\d\d$")
    )  # of the slot's hour
    await visitor.leave()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", {"soon": "未开始，", "over": "已结束", "paused": "暂停中", "gone": "已领完", "stranger": "从商店进入后参加"}),
        ("en", {"soon": "Opens ", "over": "Ended", "paused": "Paused", "gone": "All taken",
                "stranger": "Come from the shop to take part"}),
    ],
)  # fmt: skip
async def test_the_button_says_why_it_cannot_be_pressed(scene: Scene, language: str, words: dict[str, str]) -> None:
    coupon = the_plays()[0]
    ground = scene.workspace.fairground

    async def bar(household: str = "1228") -> str:
        async with scene.phone(household, language) as phone:
            return (await phone.get("/c/fair/welcome")).text.split('<nav class="sf-bar"')[1]

    async def change(version: int, **changes: object) -> None:
        assert await ground.open("fair", [replace(coupon, version=version, **changes)], "USD", 1_000_000) is None

    assert words["stranger"] in await bar("")
    await change(2, opens_ms=NOON + HOUR)
    assert words["soon"] in await bar()
    await change(3, ends_ms=NOON)
    assert words["over"] in await bar()
    await change(4, audience="vip")
    assert {"zh": "仅限特邀顾客", "en": "For invited customers only"}[language] in await bar()
    await change(5, consent="marketing")
    assert {"zh": "需要先在商店同意参加", "en": "Needs your consent at the shop first"}[language] in await bar()
    await change(6, rules=replace(coupon.rules, count=1))
    await act(scene, "718", "welcome", "claim")
    assert words["gone"] in await bar()
    await ground.pause("fair")
    assert words["paused"] in await bar()


async def test_the_shops_link_signs_in_and_a_share_link_does_not(standing: Scene) -> None:
    vault, now_ms = standing.workspace.vault, standing.workspace.clock()
    async with standing.phone() as phone:
        assert (await phone.get("/wallet")).headers["location"] == "/come?next=/wallet"
        await phone.get(f"/c/fair?from={standing.households['1228']}")
        assert (await phone.get("/wallet")).status_code == 303
        link = make_link(vault, "/enter", "1228", now_ms)
        forged = await phone.get(link[:-1] + ("0" if link[-1] != "0" else "1"))
        assert forged.headers["location"] == "/come"
        assert (await phone.get("/wallet")).status_code == 303
        entered = await phone.get(f"{link}&next=%2Fc%2Ffair")
        assert entered.headers["location"] == "/c/fair"
        assert "Household 1228" in (await phone.get("/wallet")).text
        elsewhere = await phone.get(f"{link}&next=https%3A%2F%2Felsewhere.example")
        assert elsewhere.headers["location"] == "/wallet"


async def test_whom_the_shop_sends_for_the_first_time_is_a_customer_from_then_on(scene: Scene) -> None:
    async with scene.phone() as phone:
        await phone.get(make_link(scene.workspace.vault, "/enter", "newcomer-7", scene.workspace.clock()))
        assert (await phone.get("/wallet")).status_code == 200
    assert await scene.workspace.db.fetchval("select count(*) from customer") == len(scene.households) + 1


@pytest.mark.parametrize("path", ["/c/nothing", "/c/fair/nothing", "/c/fair/table-of-three/nothing"])
async def test_what_is_not_there_is_said_so(standing: Scene, path: str) -> None:
    async with standing.phone() as phone:
        assert (await phone.get(path)).status_code == 404


async def test_strangers_see_shortened_names_on_a_shared_page(standing: Scene) -> None:
    party = (await act(standing, "1228", "table-of-three", "open")).json()["party"]
    async with standing.phone() as phone:
        page = (await phone.get(f"/c/fair/table-of-three/{party}")).text
    assert "Household 1228" not in page
    assert [shortened(name) for name in ("Household 1228", "Household 7", "王磊", "Ann Lee")] == [
        "…1228",
        "…7",
        "王＊",
        "A＊",
    ]


def test_every_play_has_its_page_with_all_it_needs() -> None:
    templates = Path(views.__file__).parent / "templates/plays"
    for name in plays.names():
        written = (templates / f"{name}.html").read_text()
        wanted = ["{% set WIDE =", *(f"{{% macro {macro}(" for macro in ("card", "main", "bar", "held"))]
        assert [word for word in wanted if word not in written] == [], name
