"""The document as text: begun, checked while it is written, saved, compared; and what happens when two save at once."""

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from miaohui.console.compare import NOTHING, Row, Side, compare
from tests.browser import NARROW, WIDE, Visitor, sound
from tests.console.conftest import Console, sign_in
from tests.console.fair import Fair, document, fair

__all__ = ["fair"]


def test_a_comparison_pairs_lines_and_folds_the_rest() -> None:
    old = "\n".join(f"line {n}" for n in range(1, 12))
    new = old.replace("line 5", "line five").replace("line 11", "line 11\nline 12")
    found = compare(old, new)
    assert found[0] == Row("fold", Side(1, ""), NOTHING)
    assert [row for row in found if row.kind not in ("same", "fold")] == [
        Row("changed", Side(5, "line 5"), Side(5, "line five")),
        Row("new", NOTHING, Side(12, "line 12")),
    ]
    assert compare(old, old) == []
    assert compare("a\nb\nc", "a\nc")[1] == Row("gone", Side(2, "b"), NOTHING)
    assert compare(old, old.replace("line 1\n", "first\n"))[-1] == Row("fold", Side(7, ""), NOTHING)


async def test_the_starter_is_sound_on_goods_of_the_shop(fair: Fair, console_app: Console) -> None:
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        page = (await client.get("/new-campaign")).text
        assert "may be submitted" in page
        assert 'sku = "tea-1"' in page.replace("&#34;", '"')
        text = (
            page.split('aria-describedby="checked">\n')[1]
            .split("</textarea>")[0]
            .replace("&#34;", '"')
            .replace("&gt;", ">")
        )
        text = text.replace("&#39;", "'")
        answer = await console_app.send(client, "/new-campaign", {"text": text.replace("\n", "\r\n"), "note": "begun"})
        assert answer.headers["location"] == "/campaigns/weekend"
        assert (await client.get("/campaigns/weekend/plan.toml")).text == text
        assert 'campaign = "weekend-2"' in (await client.get("/new-campaign")).text.replace("&#34;", '"')
        again = await console_app.send(client, "/new-campaign", {"text": text, "note": ""})
        assert (again.status_code, "There is a campaign weekend already" in again.text) == (422, True)
    async with fair.workspace.db.acquire() as c:
        row = await c.fetchrow("select state, version, (select note from campaign_version) as note from campaign")
    assert (row["state"], row["version"], row["note"]) == ("draft", 1, "begun")


async def test_what_cannot_be_read_is_not_kept_and_not_lost(fair: Fair, console_app: Console) -> None:
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        answer = await console_app.send(client, "/new-campaign", {"text": 'campaign = "x"\nname = '})
        assert answer.status_code == 422
        assert "Not saved: This cannot be read as a campaign: line 2" in answer.text
        assert "name = </textarea>" in answer.text
        assert await fair.workspace.db.fetchval("select count(*) from campaign") == 0
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        assert (await client.get("/new-campaign")).status_code == 403
        assert (await console_app.send(client, "/new-campaign", {"text": document(fair.now_ms)})).status_code == 403


async def test_two_who_change_different_fields_are_brought_together(fair: Fair, console_app: Console) -> None:
    first = document(fair.now_ms)
    await fair.office.create(await fair.actor("admin"), first)
    mine, theirs = first.replace("count = 40", "count = 60   # more"), first.replace("stock   = 20", "stock   = 25")
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        await fair.office.save(await fair.actor("admin"), "autumn", 1, theirs, "more tea")
        answer = await console_app.send(
            client, "/campaigns/autumn/plan", {"text": mine, "base": "1", "note": "coupons"}
        )
        assert answer.headers["location"] == "/campaigns/autumn/plan"
        page = (await client.get("/campaigns/autumn/plan")).text
        assert "Saved as v3, together with what admin changed in v2: plays.noon.stock." in page
        text = (await client.get("/campaigns/autumn/plan.toml")).text
        assert text == theirs.replace("count = 40", "count = 60")
        page = (await client.get("/campaigns/autumn/compare?a=1&b=3")).text
        assert "<ins>stock   = 25</ins>" in page
        assert '<td class="key">plays.welcome.count</td><td class="small">40</td><td class="small">60</td>' in page
        same = (await client.get("/campaigns/autumn/compare?a=2&b=2")).text
        assert "The two versions are the same" in same
        assert (await client.get("/campaigns/autumn/compare?a=1&b=9")).status_code == 404
        other = {"text": theirs.replace('"autumn"', '"spring"'), "base": "3"}
        answer = await console_app.send(client, "/campaigns/autumn/plan", other)
        assert (answer.status_code, "write autumn, not spring" in answer.text) == (422, True)


async def test_two_who_change_the_same_field_see_both(fair: Fair, console_app: Console) -> None:
    first = document(fair.now_ms)
    await fair.office.create(await fair.actor("admin"), first)
    mine, theirs = first.replace("count = 40", "count = 60"), first.replace("count = 40", "count = 50")
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        await fair.office.save(await fair.actor("admin"), "autumn", 1, theirs, "")
        answer = await console_app.send(client, "/campaigns/autumn/plan", {"text": mine, "base": "1"})
        assert answer.status_code == 409
        assert "admin has just saved v2" in answer.text
        cells = "".join(f'<td class="small">{n}</td>' for n in (40, 50, 60))
        assert f'<td class="key">plays.welcome.count</td>{cells}' in answer.text
        assert '<input type="hidden" name="base" value="2">' in answer.text
        assert "count = 60" in answer.text
        assert await fair.workspace.db.fetchval("select version from campaign") == 2
        answer = await console_app.send(client, "/campaigns/autumn/plan", {"text": mine, "base": "2"})
        assert answer.headers["location"] == "/campaigns/autumn/plan"
    assert await fair.workspace.db.fetchval("select text from campaign_version where version = 3") == mine


async def test_a_draft_keeps_itself(fair: Fair, console_app: Console) -> None:
    first = document(fair.now_ms)
    await fair.office.create(await fair.actor("admin"), first)
    mine = first.replace("count = 40", "count = 60")
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        kept = await console_app.send(client, "/campaigns/autumn/draft", {"text": mine, "base": "1"})
        assert kept.status_code == 204
        page = (await client.get("/campaigns/autumn/plan")).text
        assert "These are your unsaved changes" in page
        assert '<code class="key">plays.welcome.count</code> 40 → 60' in page
        assert await fair.workspace.db.fetchval("select version from campaign") == 1
        await console_app.send(client, "/campaigns/autumn/draft/discard", {})
        assert "unsaved changes, kept" not in (await client.get("/campaigns/autumn/plan")).text
        await console_app.send(client, "/campaigns/autumn/draft", {"text": mine, "base": "1"})
        await console_app.send(client, "/campaigns/autumn/plan", {"text": mine, "base": "1"})
        assert await fair.workspace.db.fetchval("select count(*) from campaign_draft") == 0
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        assert (
            await console_app.send(client, "/campaigns/autumn/draft", {"text": mine, "base": "1"})
        ).status_code == 403
        page = (await client.get("/campaigns/autumn/plan")).text
        assert "count = 60" in page


async def test_form_edits_keep_the_text(fair: Fair, console_app: Console) -> None:
    text = document(fair.now_ms)
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")

        async def change(text: str, **fields: str) -> dict[str, Any]:
            answer = await console_app.send(client, "/edit-document", {"text": text, "section": "plays", **fields})
            return {"status": answer.status_code} | answer.json()

        done = await change(text, do="set", at='["plays", "noon", "stock"]', value="5000")
        assert done["text"] == text.replace("stock   = 20", "stock   = 5000")
        assert "The plays need 5030 of tea" in done["check"]
        grouped = await change(text, do="set", at='["plays", "noon", "stock"]', value="5,000")
        assert grouped["text"] == text.replace("stock   = 20", "stock   = 5_000")
        assert 'value="5,000"' in grouped["form"]
        comma = await change(text, do="set", at='["plays", "noon", "price"]', value="5,5")
        assert 'price   = "5,5"' in comma["text"]  # no number: said beside the field, never read as 55
        fixed = await change(done["text"], do="fix", code="over_stock", path="products.tea")
        assert fixed["text"] == text.replace("stock   = 20", "stock   = 170")
        added = await change(text, do="add", at='["plays"]', name="second", value="coupon")
        assert '[plays.second]\nplay = "coupon"' in added["text"]
        assert "give is missing" in added["form"]
        unnamed = await change(text, do="add", at='["plays"]', name="", value="flash_sale")
        assert '[plays.flash-sale]\nplay = "flash_sale"' in unnamed["text"]
        again = await change(unnamed["text"], do="add", at='["plays"]', name="", value="flash_sale")
        assert "[plays.flash-sale-2]" in again["text"]
        gone = await change(added["text"], do="remove", at='["plays", "second"]')
        assert gone["text"].rstrip() == text.rstrip()
        for wrong in (
            {"do": "set", "at": '["plays", "noon", "nonsense"]', "value": "1"},
            {"do": "add", "at": '["plays"]', "name": "noon", "value": "coupon"},
            {"do": "set", "at": "[", "value": ""},
            {"do": "fix", "code": "none", "path": ""},
        ):
            refused = await change(text, **wrong)
            assert (refused["status"], refused["text"]) == (422, text)
            assert refused["refusal"]["en"]
        broken = await change("a = ", do="")
        assert "not TOML now" in broken["form"]
    assert await fair.workspace.db.fetchval("select count(*) from campaign") == 0


async def test_a_new_name_is_followed_by_all_that_refers_to_it(fair: Fair, console_app: Console) -> None:
    text = document(fair.now_ms) + '[pages.front]\nplays = ["noon", "welcome"]   # from the top\n'
    text += """[[tasks]]
id = "copy"
title = { zh = "文案", en = "Copy" }
[[tasks]]
id = "print"
title = { zh = "印刷", en = "Print" }
after = ["copy"]
"""
    await fair.office.create(await fair.actor("admin"), text)
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")

        async def rename(at: str, name: str, text: str = text) -> tuple[int, dict[str, Any]]:
            fields = {"text": text, "section": "plays", "campaign": "autumn", "do": "rename", "at": at, "value": name}
            answer = await console_app.send(client, "/edit-document", fields)
            return answer.status_code, answer.json()

        status, done = await rename('["plays", "noon"]', "lunch")
        expected = text.replace("[plays.noon]", "[plays.lunch]").replace('["noon", "welcome"]', '["lunch", "welcome"]')
        assert (status, done["text"]) == (200, expected)
        assert 'value="lunch"' in done["form"]
        status, done = await rename('["tasks", 0, "id"]', "words")
        assert (status, done["text"]) == (200, text.replace('"copy"', '"words"'))
        for at, name in (('["plays", "noon"]', "welcome"), ('["plays", "noon"]', "Noon!"), ('["phases", "live"]', "x")):
            status, done = await rename(at, name)
            assert (status, done["text"]) == (422, text)
        work = {"percent": "50"}
        assert (await console_app.send(client, "/campaigns/autumn/tasks/copy/progress", work)).status_code == 303
        status, done = await rename('["tasks", 0, "id"]', "words")
        assert (status, done["text"]) == (422, text)
        assert done["refusal"]["en"] == "copy cannot be renamed: progress, or a file, is kept under that name"
        assert (await rename('["tasks", 1, "id"]', "post"))[0] == 200
        lines = text + '[[budget.lines]]\nfor = "posters"\namount = 5.00\n'
        status, done = await rename('["budget", "lines", 0, "for"]', "A3 posters", lines)
        assert (status, done["text"]) == (200, lines.replace('"posters"', '"A3 posters"'))
        await fair.workspace.db.execute(
            """insert into expense (campaign, line, currency, amount_minor, spent_on, by)
               values ('autumn', 'posters', 'USD', 100, '2026-01-01', 'admin')"""
        )
        assert (await rename('["budget", "lines", 0, "for"]', "A3 posters", lines))[0] == 422


async def test_the_form_and_the_text_are_one(fair: Fair, console_app: Console, chromium: Browser) -> None:
    await fair.office.create(await fair.actor("admin"), document(fair.now_ms))
    visitor = await Visitor.come(chromium, console_app.url, language="en")
    await sign_in(console_app, visitor, "operator")
    page = visitor.page
    await page.goto("/campaigns/autumn/plan")
    await page.locator("[data-section=plays]").click()
    stock = page.locator("""[data-at='["plays", "noon", "stock"]']""")
    await stock.fill("25")
    await stock.press("Enter")
    text = page.locator("#text")
    await expect(text).to_have_value(re.compile("stock   = 25\n"))
    await expect(page.locator("#unsaved")).to_contain_text("20 → 25")
    await expect(page.locator("[data-section=plays] .tag")).to_have_text("1 edit")
    await stock.fill("lots")
    await stock.press("Enter")
    await expect(page.locator(".mh-control:has(.is-invalid) .form-hint.bad")).to_contain_text("a whole number")
    await expect(page.locator("[data-section=plays] .tag").first).to_contain_text("1 stop")
    await page.locator("#undo").click()
    await expect(text).to_have_value(re.compile("stock   = 25\n"))
    await page.locator("#undo").click()
    await expect(text).to_have_value(re.compile("stock   = 20\n"))
    await page.locator("#redo").click()
    await expect(text).to_have_value(re.compile("stock   = 25\n"))
    await expect(page.locator("#kept")).to_contain_text("draft kept")
    kept = "select text like '%stock   = 25%' from campaign_draft"
    while not await fair.workspace.db.fetchval(kept):  # noqa: ASYNC110 - a slow browser has kept a draft before this one
        await asyncio.sleep(0.02)
    await page.reload()
    await expect(page.locator(".mh-toast:visible")).to_contain_text("plays.noon.stock")
    await sound(visitor)
    await page.locator("[data-section=plays]").click()
    await stock.fill("26")
    await page.keyboard.press("Control+s")  # what stands in the field goes first
    await expect(page.locator(".mh-toast:visible").first).to_contain_text("Saved as v2.")
    await visitor.leave()
    saved = await fair.workspace.db.fetchval("select text from campaign_version where version = 2")
    assert saved == document(fair.now_ms).replace("stock   = 20", "stock   = 26")


async def test_a_name_a_day_and_several_of_a_few(fair: Fair, console_app: Console, chromium: Browser) -> None:
    text = document(fair.now_ms) + '[pages.front]\nplays = ["noon"]\n'
    await fair.office.create(await fair.actor("admin"), text)
    visitor = await Visitor.come(chromium, console_app.url, language="en")
    await sign_in(console_app, visitor, "operator")
    page, written = visitor.page, visitor.page.locator("#text")
    await page.goto("/campaigns/autumn/plan")
    await page.locator("[data-section=plays]").click()
    name = page.locator("""[data-at='["plays", "noon"]']""")
    await expect(name).to_have_value("noon")
    await name.fill("lunch")
    await name.press("Enter")
    await expect(written).to_have_value(re.compile(r'\[plays\.lunch\].*plays = \["lunch"\]', re.DOTALL))
    await expect(page.locator("#unsaved")).to_contain_text("pages.front.plays")
    await expect(page.locator("#refused")).to_be_hidden()
    await expect(page.locator("""[data-at='["plays", "lunch"]']""")).to_be_focused()
    await page.locator("#undo").click()
    await expect(written).to_have_value(text)
    await expect(name).to_have_value("noon")
    await expect(page.locator("#unsaved")).to_contain_text("As the version that is kept.")
    await page.locator("[data-section=basics]").click()
    members = page.get_by_role("group", name="What it is for").get_by_label("Members")
    await members.focus()
    await page.keyboard.press("Space")
    await expect(written).to_have_value(re.compile('purpose = .*"members"'))
    await expect(members).to_be_checked()
    await expect(members).to_be_focused()
    await page.keyboard.press("Space")
    await expect(written).not_to_have_value(re.compile("purpose"))
    await page.locator("[data-section=phases]").click()
    await page.get_by_label("Pick the day: The review is held").fill("2031-05-06")
    await expect(written).to_have_value(re.compile("review += 2031-05-06\n"))
    await sound(visitor)
    await visitor.leave()


async def test_theirs_is_taken_with_one_click(fair: Fair, console_app: Console, chromium: Browser) -> None:
    """Two editors meet on one field, in two browsers: the second sees both values, takes the other's, and saves."""
    first = document(fair.now_ms)
    await fair.office.create(await fair.actor("admin"), first)
    visitors = [await Visitor.come(chromium, console_app.url, language="en") for _ in range(2)]
    for visitor, who, count in zip(visitors, ("admin", "operator"), ("50", "60"), strict=True):
        await sign_in(console_app, visitor, who)
        await visitor.page.goto("/campaigns/autumn/plan")
        await visitor.page.locator("[data-section=plays]").click()
        control = visitor.page.locator("""[data-at='["plays", "welcome", "count"]']""")
        await control.fill(count)
        await control.press("Enter")
        await expect(visitor.page.locator("#text")).to_have_value(re.compile(f"count = {count}\n"))
    theirs, mine = (visitor.page for visitor in visitors)
    await theirs.get_by_role("button", name="Save as v2").click()
    await expect(theirs.locator(".mh-toast:visible").first).to_contain_text("Saved as v2.")
    await mine.get_by_role("button", name="Save as v2").click()
    row = mine.get_by_role("row", name="plays.welcome.count")
    await expect(row.get_by_role("cell")).to_have_text(
        ["plays.welcome.count", "40", "50", "60", re.compile("Take theirs")]
    )
    await expect(mine.get_by_role("alert").first).to_contain_text("admin has just saved v2")
    await sound(visitors[1])
    await row.get_by_role("button").click()
    await expect(mine.locator("#text")).to_have_value(re.compile("count = 50\n"))
    await expect(row.get_by_role("button")).to_be_disabled()
    await mine.locator("#undo").click()
    await expect(mine.locator("#text")).to_have_value(re.compile("count = 60\n"))
    await expect(mine.locator("#unsaved")).to_contain_text("60")
    await mine.locator("#redo").click()
    await expect(mine.locator("#text")).to_have_value(re.compile("count = 50\n"))
    await expect(mine.locator("#unsaved")).not_to_contain_text("60")  # the page has settled: no click goes astray
    await mine.locator("#f-note").fill("as admin says")
    await mine.get_by_role("button", name="Save as v3").click()
    await expect(mine.locator(".mh-toast:visible").first).to_contain_text("Saved as v3.")
    for visitor in visitors:
        await visitor.leave()
    db = fair.workspace.db
    assert await db.fetchval("select text from campaign_version where version = 3") == first.replace(
        "count = 40", "count = 50"
    )
    assert await db.fetchval("select count(*) from campaign_draft") == 0


async def test_who_may_not_and_what_is_old_is_read_only(fair: Fair, console_app: Console) -> None:
    await fair.office.create(await fair.actor("admin"), document(fair.now_ms))
    await fair.office.save(await fair.actor("admin"), "autumn", 1, document(fair.now_ms) + "\n", "")
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        page = (await client.get("/campaigns/autumn/plan")).text
        assert "needs the permission campaign.edit" in page
        assert " readonly>" in page
        assert "Save as" not in page
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        assert (
            "This is an old version; the newest is v2." in (await client.get("/campaigns/autumn/plan?version=1")).text
        )
        file = await client.get("/campaigns/autumn/plan.toml?version=1")
        assert file.text == document(fair.now_ms)
        assert file.headers["content-disposition"] == 'attachment; filename="autumn-v1.toml"'


async def test_the_check_follows_the_hand(fair: Fair, console_app: Console, chromium: Browser) -> None:
    visitor = await Visitor.come(chromium, console_app.url, language="en")
    await sign_in(console_app, visitor, "operator")
    page = visitor.page
    await page.goto("/new-campaign")
    await expect(page.locator("#checked")).to_contain_text("may be submitted")
    wrong = document(fair.now_ms).replace("price   = 30.00", "price   = 30.001")
    line = str(wrong.split("\n").index("price   = 30.001") + 1)
    await page.locator("#text").fill(wrong)
    await expect(page.locator("#checked")).to_contain_text("30.001 has more digits than USD carries")
    await page.get_by_role("link", name=f"line {line}").click()
    chosen = (
        "() => { const t = document.getElementById('text'); return t.value.slice(t.selectionStart, t.selectionEnd) }"
    )
    assert await page.evaluate(chosen) == "price   = 30.001"
    await expect(page.locator("#gutter .stop")).to_have_text(line)
    await sound(visitor)
    text = {"name": "autumn.toml", "mimeType": "text/plain", "buffer": document(fair.now_ms).encode()}
    await page.locator("[data-fills]").set_input_files(text)  # type: ignore[arg-type]
    await expect(page.locator("#checked")).to_contain_text("may be submitted")
    await page.get_by_role("button", name="Save as a draft").click()
    await page.wait_for_url("**/campaigns/autumn")
    await expect(page.locator(".mh-toast")).to_contain_text("Kept as a draft")
    await visitor.leave()


@pytest.mark.parametrize(("width", "language"), [(WIDE, "zh"), (NARROW, "en")])
async def test_the_pages_are_sound(
    fair: Fair, console_app: Console, chromium: Browser, width: int, language: str
) -> None:
    admin = await fair.actor()
    await fair.office.create(admin, document(fair.now_ms))
    await fair.office.save(admin, "autumn", 1, document(fair.now_ms).replace("stock   = 20", "stock   = 25"), "")
    visitor = await Visitor.come(chromium, console_app.url, width=width, language=language)
    await sign_in(console_app, visitor, "operator")
    for path in ("/new-campaign", "/campaigns/autumn/plan", "/campaigns/autumn/compare?a=1&b=2"):
        await visitor.page.goto(path)
        for fold in await visitor.page.locator("details.mh-fold > summary").all():
            await fold.click()
        await sound(visitor)
    await visitor.leave()


async def test_a_comment_on_a_field(fair: Fair, console_app: Console) -> None:
    await fair.office.create(await fair.actor("operator"), document(fair.now_ms))
    async with console_app.client() as client:
        await console_app.log_in(client, "admin")
        where = {"path": "plays.noon.price", "text": "Below the market?"}
        await console_app.send(client, "/campaigns/autumn/comments", where)
        page = (await client.get("/campaigns/autumn/plan")).text
        assert "Below the market?" in page
        fields = {"text": document(fair.now_ms), "section": "plays", "campaign": "autumn"}
        form = (await console_app.send(client, "/edit-document", fields)).json()["form"]
        assert "1 comment<" in form
        assert (await console_app.send(client, "/campaigns/none/comments", where)).status_code == 404
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        assert "Notices, 1 unread" in (await client.get("/")).text
        page = (await client.get("/notices")).text
        assert "admin (plays.noon.price): Below the market?" in page
        await console_app.send(client, "/notices/read", {"upto": "999999"})
        assert "Notices, 0 unread" in (await client.get("/notices")).text
        thread = await fair.workspace.db.fetchval("select id from campaign_comment")
        await console_app.send(client, f"/campaigns/autumn/comments/{thread}/resolve", {})
        assert "resolved by operator" in (await client.get("/campaigns/autumn/plan")).text


async def test_comments_go_with_what_is_renamed_and_conditions_that_stay_are_told(
    fair: Fair, console_app: Console
) -> None:
    heard = '[audiences]\nheard = "count(flash_sale.sold where play = noon) >= 1"\n'
    text = document(fair.now_ms).replace("[audiences]\n", heard, 1)
    await fair.office.create(await fair.actor("operator"), text)
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        for path in ("plays.noon.price", "plays.noon", "plays.noonday", "plays.noon.slots[0]", ""):
            await console_app.send(client, "/campaigns/autumn/comments", {"path": path, "text": f"About {path}"})
        fields = {"text": text, "section": "plays", "campaign": "autumn", "base": "1"}
        rename = fields | {"do": "rename", "at": '["plays", "noon"]', "value": "lunch"}
        done = (await console_app.send(client, "/edit-document", rename)).json()
        assert "1 comment<" in done["form"]
        assert "The condition of heard still speaks of the play noon" in done["unsaved"]
        assert done["refusal"] is None
        await console_app.send(client, "/campaigns/autumn/draft", {"base": "1", "text": done["text"]})
        again = (await client.get("/campaigns/autumn/plan")).text
        assert "The condition of heard still speaks of the play noon" in again
        saved = {"base": "1", "text": done["text"], "note": ""}
        answer = await console_app.send(client, "/campaigns/autumn/plan", saved)
        assert answer.status_code == 303, answer.text
    rows = await fair.workspace.db.fetch("select path from campaign_comment order by id")
    assert [row["path"] for row in rows] == [
        "plays.lunch.price",
        "plays.lunch",
        "plays.noonday",
        "plays.lunch.slots[0]",
        "",
    ]


async def test_home_says_who_is_waited_for(fair: Fair, console_app: Console) -> None:
    text = document(fair.now_ms) + '[approval]\nsigns = [{ who = "operator" }, { who = "admin" }]\n'
    await fair.office.create(await fair.actor("admin"), text)
    await fair.office.act(await fair.actor("admin"), "autumn", "submit")
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        assert "Waits for you: Harbour autumn" in (await client.get("/")).text
        await console_app.send(client, "/campaigns/autumn/approve", {"version": "1"})
        page = (await client.get("/")).text
        assert "Approval waits: Harbour autumn" in page
        assert '<span class="small nowrap muted">admin</span>' in page
    assert await fair.workspace.db.fetchval("select state from campaign") == "in_review"
