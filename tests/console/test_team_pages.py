"""Operators, API keys and the audit log over HTTP, and by hand in a browser."""

import re

from playwright.async_api import Browser, expect

from miaohui.customers.signin import link_key
from miaohui.team import audit
from miaohui.vault import Vault
from tests.browser import NARROW, Visitor, sound
from tests.console.conftest import PASSWORD, Console, sign_in


async def actions(console_app: Console) -> list[tuple[str, str, str]]:
    """What the log says, without the log-ins."""
    async with console_app.db.acquire() as db:
        found = await audit.entries(db, audit.Filter())
    return [(e.operator, e.action, e.subject) for e in reversed(found) if e.action != "operator.logged_in"][3:]


async def id_of(console_app: Console, name: str) -> str:
    id: str = await console_app.db.fetchval("select id from operator where name = $1", name)
    return id


async def test_an_admin_keeps_the_team(console_app: Console) -> None:
    async with console_app.client() as client, console_app.client() as wang:
        await console_app.log_in(client, "admin")
        short = {"name": "wang", "role": "viewer", "password": "short"}
        refused = await console_app.send(client, "/operators", short)
        assert refused.status_code == 422
        assert "The password has 5 characters: use at least 10." in refused.text
        assert 'value="wang"' in refused.text
        assert (await console_app.send(client, "/operators", short | {"password": PASSWORD})).status_code == 303
        assert "wang is added." in (await client.get("/operators")).text
        id = await id_of(console_app, "wang")
        assert (await console_app.log_in(wang, "wang")).status_code == 303
        assert (await wang.get("/audit")).status_code == 403
        await console_app.send(client, f"/operators/{id}/role", {"role": "operator"})
        assert (await wang.get("/audit")).status_code == 303  # logged out: the role is new
        await console_app.log_in(wang, "wang")
        assert (await wang.get("/audit")).status_code == 200
        told = await console_app.send(client, f"/operators/{id}/password", {})
        password = re.search(r'<code id="told">([^<]+)</code>', told.text)
        assert password
        assert password[1] not in (await client.get("/operators")).text
        assert (await console_app.log_in(wang, "wang", password[1])).status_code == 303
        await console_app.send(client, f"/operators/{id}/archive", {})
        assert (await wang.get("/me")).status_code == 303
        assert await actions(console_app) == [
            ("admin", "operator.added", "wang"),
            ("admin", "operator.role_changed", "wang"),
            ("admin", "operator.password_reset", "wang"),
            ("admin", "operator.archived", "wang"),
        ]


async def test_the_last_admin_stays(console_app: Console) -> None:
    async with console_app.client() as client:
        await console_app.log_in(client, "admin")
        id = await id_of(console_app, "admin")
        for path, fields in ((f"/operators/{id}/archive", {}), (f"/operators/{id}/role", {"role": "viewer"})):
            assert (await console_app.send(client, path, fields)).headers["location"] == "/operators"
            page = (await client.get("/operators")).text
            assert "admin is the only administrator: make somebody else one first." in page
        assert await actions(console_app) == []


async def test_a_key_is_shown_once_and_revoked(console_app: Console, vault: Vault) -> None:
    async with console_app.client() as client:
        await console_app.log_in(client, "admin")
        empty = await client.get("/keys")
        assert link_key(vault) in empty.text
        assert "No program is connected yet" in empty.text
        refused = await console_app.send(client, "/keys", {"label": " "})
        assert (refused.status_code, "The label needs 1 to 60 characters." in refused.text) == (422, True)
        created = await console_app.send(client, "/keys", {"label": "Shop orders"})
        key = re.search(r'<code id="told">(mh_[\w-]{43})</code>', created.text)
        assert key
        assert created.headers["cache-control"] == "no-store"
        page = (await client.get("/keys")).text
        assert key[1] not in page
        assert "Shop orders" in page
        id = await console_app.db.fetchval("select id from api_key")
        await console_app.send(client, f"/keys/{id}/revoke", {})
        assert "The key is revoked: within 5 seconds it opens nothing." in (await client.get("/keys")).text
        await console_app.send(client, f"/keys/{id}/revoke", {})
        assert "There is no such key, or it is revoked already." in (await client.get("/keys")).text
        assert [action for _, action, _ in await actions(console_app)] == ["key.created", "key.revoked"]


async def test_the_log_is_filtered_paged_and_saved(console_app: Console) -> None:
    async with console_app.db.acquire() as db:
        for n in range(60):
            await audit.record(db, "lin", "campaign.edited", f"tea-{n}", {"version": n})
        await audit.record(db, "wang", "campaign.named", "=1+1", {"title": "月饼, 茶"})
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")

        def subjects(page: str) -> list[str]:
            return re.findall(r"tea-\d+", page)

        page = (await client.get("/audit?who=lin&what=campaign")).text
        assert subjects(page) == [f"tea-{n}" for n in range(59, 9, -1)]
        older = re.search(r'href="(/audit\?[^"]*before=\d+)"', page)
        assert older
        assert subjects((await client.get(older[1].replace("&amp;", "&"))).text) == [
            f"tea-{n}" for n in range(9, -1, -1)
        ]
        assert "No entry fits the filter" in (await client.get("/audit?since=2999-01-01")).text
        assert subjects((await client.get("/audit?subject=tea-7&until=2999-01-01&since=nonsense")).text)[0] == "tea-7"
        file = await client.get("/audit.csv?what=campaign.named")
        assert file.headers["content-type"] == "text/csv; charset=utf-8"
        assert file.headers["content-disposition"] == 'attachment; filename="audit.csv"'
        lines = file.text.split("\r\n")
        assert lines[0] == "\ufeffseq,at,operator,action,subject,detail"
        assert lines[1].split(",", 2)[2] == """wang,campaign.named,'=1+1,"{""title"":""月饼, 茶""}\""""
        assert lines[2:] == [""]


async def test_by_hand_in_the_browser(console_app: Console, chromium: Browser) -> None:
    visitor = await Visitor.come(chromium, console_app.url, language="zh")
    page = visitor.page
    await sign_in(console_app, visitor, "admin")
    await page.goto("/keys")
    await page.keyboard.press("/")
    await expect(page.locator(".mh-search input")).to_be_focused()
    await page.keyboard.type("1228")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Household 1228")).to_be_visible()
    await page.goto("/keys")
    await page.get_by_label("说明").fill("商城订单")
    await page.get_by_role("button", name="发放").click()
    await expect(page.locator("#told")).to_contain_text("mh_")
    await page.get_by_role("button", name="吊销").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("吊销「商城订单」？")
    await dialog.get_by_role("button", name="不了").click()
    await expect(dialog).to_be_hidden()
    await page.get_by_role("button", name="吊销").click()
    await dialog.get_by_role("button", name="吊销").click()
    await expect(page.get_by_role("status")).to_have_text("密钥已吊销，5 秒内失效。")
    await page.locator(".mh-lang a[lang=en]").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("API keys")
    await page.locator("details.mh-menu summary").click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Log out")).to_be_hidden()
    await page.locator("details.mh-menu summary").click()
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    await page.goto("/keys")
    await expect(page).to_have_url(re.compile(r"/login\?next=/keys$"))
    assert (visitor.foreign, visitor.complaints) == ([], [])
    await visitor.leave()


async def test_a_role_of_the_teams_own_in_the_browser(console_app: Console, chromium: Browser) -> None:
    """Made, given to somebody, changed, and archived only once nobody has it."""
    visitor = await Visitor.come(chromium, console_app.url, language="en")
    page = visitor.page
    await sign_in(console_app, visitor, "admin")
    await page.goto("/operators")
    roles = page.get_by_role("region", name="Roles of your own")
    await expect(roles).to_contain_text("There is no role of your own yet")
    await page.get_by_role("button", name="Keep the role").click()
    await expect(page.locator("#r-name")).to_be_focused()  # nothing is sent without a name
    assert await console_app.db.fetchval("select count(*) from role") == 0
    for label, said in (("Name", "signer"), ("Chinese", "签字人"), ("English", "Signer")):
        await roles.get_by_label(label, exact=True).fill(said)
    for permission in ("campaign.view", "campaign.approve"):
        await roles.locator(f"[value='{permission}']").check()
    await page.get_by_role("button", name="Keep the role").click()
    await expect(page.get_by_role("status")).to_have_text("The role signer is kept.")
    await expect(roles.get_by_role("listitem")).to_contain_text("campaign.approve, campaign.view · 0 operators")
    await page.get_by_role("row", name="viewer").get_by_role("button", name="Change role").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Role").select_option("signer")
    await dialog.get_by_role("button", name="Change role").click()
    await expect(page.get_by_role("status")).to_have_text("viewer is now: Signer, and logs in anew.")
    await expect(roles.get_by_role("button", name="Archive")).to_have_count(0)
    await page.get_by_role("row", name="viewer").get_by_role("button", name="Change role").click()
    await dialog.get_by_label("Role").select_option("viewer")
    await dialog.get_by_role("button", name="Change role").click()
    await roles.get_by_role("button", name="Archive signer").click()
    await expect(page.get_by_role("status")).to_have_text("The role signer is archived.")
    await expect(roles).to_contain_text("There is no role of your own yet")
    assert (visitor.foreign, visitor.complaints) == ([], [])
    await visitor.leave()
    assert await actions(console_app) == [
        ("admin", "role.kept", "signer"),
        ("admin", "operator.role_changed", "viewer"),
        ("admin", "operator.role_changed", "viewer"),
        ("admin", "role.archived", "signer"),
    ]


async def test_an_absence_in_the_browser(console_app: Console, chromium: Browser) -> None:
    """Written down with its last day, refused backwards, taken out again."""
    visitor = await Visitor.come(chromium, console_app.url, language="en", width=NARROW)
    page = visitor.page
    await sign_in(console_app, visitor, "admin")
    await page.goto("/operators")
    away = page.get_by_role("region", name="Absence")
    await expect(away).to_contain_text("Nobody is away")

    async def keep(first: str, last: str) -> None:
        await away.get_by_label("Who").select_option("viewer")
        await away.get_by_label("From").fill(first)
        await away.get_by_label("Until, included").fill(last)
        await away.get_by_label("Still works, %").fill("40")
        await away.get_by_label("Why").fill("mornings only")
        await away.get_by_role("button", name="Keep").click()

    await keep("2031-03-09", "2031-03-07")
    await expect(page.locator(".mh-toast.bad")).to_be_visible()
    assert await console_app.db.fetchval("select count(*) from absence") == 0
    await keep("2031-03-03", "2031-03-07")
    await expect(page.get_by_role("status")).to_have_text("The absence is kept.")
    await expect(away.get_by_role("listitem")).to_contain_text("works 40%")
    await expect(away.get_by_role("listitem")).to_contain_text("mornings only")
    await sound(visitor)
    row = await console_app.db.fetchrow("select from_on, until_on, works from absence")
    assert (str(row["from_on"]), str(row["until_on"]), row["works"]) == ("2031-03-03", "2031-03-08", 40)
    await away.get_by_role("button", name="Take out viewer").click()
    await expect(page.get_by_role("status")).to_have_text("The absence is taken out.")
    await expect(away).to_contain_text("Nobody is away")
    await visitor.leave()
    assert await console_app.db.fetchval("select count(*) from absence where archived_at is null") == 0


async def test_by_keyboard_the_content_is_one_step_away(console_app: Console, chromium: Browser) -> None:
    visitor = await Visitor.come(chromium, console_app.url, language="en")
    await sign_in(console_app, visitor, "viewer")
    await visitor.page.goto("/me")
    await visitor.page.keyboard.press("Tab")
    await expect(visitor.page.locator(".mh-skip")).to_be_focused()
    await expect(visitor.page.locator(".mh-skip")).to_be_in_viewport()
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.locator("#main")).to_be_focused()
    await visitor.leave()
