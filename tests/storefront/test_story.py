"""Three customers fill a group on their phones; a fourth is told that it is full, in his language, and nothing happens."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import Visitor, sound
from tests.fair_scene import Scene

WORDS = {
    "en": {"open": "$2.49 open a group", "place": "Place the order", "pay": "Pay $2.49", "join": "$2.49 join",
           "last": "$2.49 join and complete it", "missing": "2 more to complete the group", "one": "1 more to complete the group",
           "complete": "The group is complete", "back": "Back to the campaign", "full": "This group is full: 3 people are in it"},
    "zh": {"open": "US$2.49 开团", "place": "下单", "pay": "付款 US$2.49", "join": "US$2.49 参团",
           "last": "US$2.49 参团，立即成团", "missing": "还差 2 人成团", "one": "还差 1 人成团",
           "complete": "已成团", "back": "回到活动", "full": "这个团已经满了，3 人已成团"},
}  # fmt: skip


async def buy(page: Page, words: dict[str, str]) -> None:
    """From the checkout to the paid order, and back to the group."""
    await page.get_by_role("button", name=words["place"], exact=True).click()
    await page.get_by_role("button", name=words["pay"], exact=True).click()
    await page.get_by_role("link", name=words["back"]).click()


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_three_fill_a_group_and_a_fourth_is_told_that_it_is_full(
    scene: Scene, chromium: Browser, language: str
) -> None:
    words = WORDS[language]
    phones: list[Visitor] = [
        await scene.comes(chromium, household, language) for household in ("1228", "718", "2041", "2322")
    ]
    first, second, third, fourth = (phone.page for phone in phones)

    await first.goto("/c/fair/table-of-three")
    await first.get_by_role("button", name=words["open"], exact=True).click()
    await buy(first, words)
    await expect(first.get_by_role("heading", name=words["missing"])).to_be_visible()
    await sound(phones[0])
    link = str(await first.locator("[data-share]").get_attribute("data-share"))
    assert f"?from={scene.households['1228']}" in link

    await second.goto(link)
    await second.get_by_role("link", name=words["join"], exact=True).click()
    await buy(second, words)
    await expect(second.get_by_role("heading", name=words["one"])).to_be_visible()

    for last in (third, fourth):  # both have the checkout before them while one seat is free
        await last.goto(link)
        await last.get_by_role("link", name=words["last"], exact=True).click()
        await expect(last.get_by_role("button", name=words["place"], exact=True)).to_be_visible()
    await buy(third, words)
    await expect(third.get_by_role("heading", name=words["complete"])).to_be_visible()

    before = await scene.count()
    await fourth.get_by_role("button", name=words["place"], exact=True).click()
    await expect(fourth.get_by_role("alert")).to_contain_text(words["full"])
    await sound(phones[3])
    assert await scene.count() == before
    assert await scene.workspace.db.fetchval("select count(*) from counter_order") == 3
    for phone in phones:
        await phone.leave()
