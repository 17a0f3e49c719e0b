"""Three customers fill a group on their phones; two more are told that it is full, each in his language, and nothing happens."""

from playwright.async_api import Browser, Page, expect

from tests.browser import sound
from tests.fair_scene import Scene

PEOPLE = (("1228", "zh"), ("718", "en"), ("2041", "zh"), ("2322", "zh"), ("982", "en"))
WORDS = {
    "en": {"place": "Place the order", "pay": "Pay $2.49", "back": "Back to the campaign", "join": "$2.49 join",
           "last": "$2.49 join and complete it", "full": "This group is full: 3 people are in it"},
    "zh": {"place": "下单", "pay": "付款 US$2.49", "back": "回到活动",
           "last": "US$2.49 参团，立即成团", "full": "这个团已经满了，3 人已成团"},
}  # fmt: skip


async def buy(page: Page, words: dict[str, str]) -> None:
    """From the checkout to the paid order, and back to the group."""
    await page.get_by_role("button", name=words["place"], exact=True).click()
    await page.get_by_role("button", name=words["pay"], exact=True).click()
    await page.get_by_role("link", name=words["back"]).click()


async def test_three_fill_a_group_and_who_comes_then_is_told_that_it_is_full(scene: Scene, chromium: Browser) -> None:
    zh, en = WORDS["zh"], WORDS["en"]
    phones = [await scene.comes(chromium, household, language) for household, language in PEOPLE]
    first, second, third, fourth, fifth = (phone.page for phone in phones)

    await first.goto("/c/fair/table-of-three")
    await first.get_by_role("button", name="US$2.49 开团", exact=True).click()
    await buy(first, zh)
    await expect(first.get_by_role("heading", name="还差 2 人成团")).to_be_visible()
    await sound(phones[0])
    link = str(await first.locator("[data-share]").get_attribute("data-share"))
    assert f"?from={scene.households['1228']}" in link

    await second.goto(link)
    await second.get_by_role("link", name=en["join"], exact=True).click()
    await buy(second, en)
    await expect(second.get_by_role("heading", name="1 more to complete the group")).to_be_visible()

    for page, words in ((third, zh), (fourth, zh), (fifth, en)):  # all see the checkout while one seat is free
        await page.goto(link)
        await page.get_by_role("link", name=words["last"], exact=True).click()
        await expect(page.get_by_role("button", name=words["place"], exact=True)).to_be_visible()
    await buy(third, zh)
    await expect(third.get_by_role("heading", name="已成团")).to_be_visible()

    before = await scene.count()
    for phone, words in ((phones[3], zh), (phones[4], en)):
        await phone.page.get_by_role("button", name=words["place"], exact=True).click()
        await expect(phone.page.get_by_role("alert")).to_contain_text(words["full"])
        await sound(phone)
    assert await scene.count() == before
    assert await scene.workspace.db.fetchval("select count(*) from counter_order") == 3
    for phone in phones:
        await phone.leave()
