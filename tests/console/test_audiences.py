"""Audiences in the console: counted while they are written, mistakes at their place, who is in and why."""

import pytest
from playwright.async_api import Browser, expect

from miaohui.clock import moment_of
from tests.browser import NARROW, WIDE, Visitor, sound
from tests.console.conftest import Console, sign_in
from tests.console.fair import PEOPLE, Fair, document, fair

__all__ = ["fair"]


async def test_the_tree_with_its_counts_and_the_reasons(fair: Fair, console_app: Console) -> None:
    await fair.open()
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        page = (await client.get("/campaigns/autumn/audiences?name=silent")).text
        assert "3 <small>" in page
        assert "30.0% of all customers" in page
        assert '<code>stage is silent</code><span class="c">4</span>' in page
        assert '<code>tag &#39;do not disturb&#39;</code><span class="c">1</span>' in page
        assert "leaves 9" in page
        assert "Household 2006" in page
        assert "<code>not tag &#39;do not disturb&#39;</code> <b>no tags</b>" in page
        assert "Fixed at launch" in page
        page = (await client.get("/campaigns/autumn/audiences")).text
        assert "<b>3 times</b>" in page  # the first audience is shown without a name: regulars
        assert (await client.get("/campaigns/none/audiences")).status_code == 404
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        page = (await client.get("/campaigns/autumn/audiences?name=silent")).text
        assert PEOPLE[6] in page
        assert "Household 2006" not in page


async def test_a_mistake_is_shown_at_its_place(fair: Fair, console_app: Console) -> None:
    await fair.office.create(await fair.actor(), document(fair.now_ms))
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        wrong = {"text": "count(order.payed, last 90 days) >= 3", "name": ""}
        answer = await console_app.send(client, "/campaigns/autumn/audiences", wrong)
        assert answer.status_code == 200
        assert "      ^^^^^^^^^^^\nexpected the name of an event" in answer.text
        assert "nearest word: <code>order.paid</code>" in answer.text
        rare = {"text": "stage is slient", "name": ""}
        answer = await console_app.send(client, "/campaigns/autumn/audiences", rare)
        assert "<code>silent</code>" in answer.text
        assert "Nobody fits" in answer.text


async def test_members_page_by_page(fair: Fair, console_app: Console) -> None:
    await fair.office.create(await fair.actor(), document(fair.now_ms))
    more = [(f"0190c000-0000-7000-8000-{n:012d}", {"stage": "new"}, [], moment_of(fair.now_ms)) for n in range(25)]
    await fair.workspace.events.insert("profiles", ["customer", "traits", "tags", "at"], more, "more")
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        fields = {"text": "stage is new", "name": ""}
        first = (await console_app.send(client, "/campaigns/autumn/audiences", fields)).text
        assert (first.count("0190c000-"), "20 more" in first) == (21, True)  # one of them is the cursor
        after = first.split('name="after" value="')[1].split('"')[0]
        assert after == "0190c000-0000-7000-8000-000000000019"
        fields |= {"after": after}
        rest = (await console_app.send(client, "/campaigns/autumn/members", fields)).text
        assert (rest.count("0190c000-"), "20 more" in rest) == (5, False)


async def test_the_count_follows_the_hand(fair: Fair, console_app: Console, chromium: Browser) -> None:
    await fair.open()
    visitor = await Visitor.come(chromium, console_app.url, language="en")
    await sign_in(console_app, visitor, "operator")
    page = visitor.page
    await page.goto("/campaigns/autumn/audiences?name=silent")
    await page.get_by_label("Condition", exact=True).fill("stage is silent")
    await expect(page.locator(".mh-big .v")).to_have_text("4")
    await page.get_by_label("Condition", exact=True).fill("stage is silent and")
    await expect(page.get_by_role("alert")).to_contain_text("found the end")
    await sound(visitor)
    await page.get_by_label("Condition", exact=True).fill(
        "(stage is active or tag 'do not disturb') and never(page.viewed)"
    )
    await expect(page.locator(".mh-big .v")).to_have_text("7")
    await sound(visitor)
    await visitor.leave()


@pytest.mark.parametrize(("width", "language"), [(WIDE, "zh"), (NARROW, "en")])
async def test_the_page_is_sound(
    fair: Fair, console_app: Console, chromium: Browser, width: int, language: str
) -> None:
    await fair.open()
    visitor = await Visitor.come(chromium, console_app.url, width=width, language=language)
    await sign_in(console_app, visitor, "viewer")
    for name in ("regulars", "silent"):
        await visitor.page.goto(f"/campaigns/autumn/audiences?name={name}")
        await sound(visitor)
    await visitor.leave()
