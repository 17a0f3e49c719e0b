"""How it spreads: tried on the page, kept in the document, become a play."""

import pytest
from playwright.async_api import Browser, expect

from miaohui.campaign.chain import Share, fan
from miaohui.campaign.reader import read
from tests.browser import NARROW, WIDE, Visitor, sound
from tests.console.conftest import Console, chromium, console_app, sign_in, workspace
from tests.console.fair import Fair, document, fair

__all__ = ["chromium", "console_app", "fair", "workspace"]

BAIT = "\n[fission.baits.both]\njoiner = 3.00\nsharer = 5.00\n[fission.baits.sharer-only]\nsharer = 8.00\njoin = 30\n"


def without_group(now_ms: int) -> str:
    text = document(now_ms)
    return text[: text.index("[plays.table]")]


def test_the_fan_holds_the_estimate() -> None:
    low, middle, high = fan(2_000, Share(), 6)[-1]
    assert low < 3_707 < high
    assert middle == pytest.approx(3_707, rel=0.06)
    assert fan(2_000, Share(), 6)[-1] == (low, middle, high)


async def test_trying_keeps_nothing(fair: Fair, console_app: Console) -> None:
    await fair.office.create(await fair.actor(), document(fair.now_ms) + BAIT)
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        page = (await client.get("/campaigns/autumn/fission")).text
        for said in ("3,707", "5,470", "99.9%", "0.5613", "$6.80", "$11,609"):
            assert said in page, said
        tried = await console_app.send(
            client, "/campaigns/autumn/fission/try", {"c_share": "0", "w_influence": "rubbish"}
        )
        assert tried.status_code == 200
        assert "Nobody is brought" in tried.text
        wild = {"c_seeds": "1e99", "c_reach": "-5", "s_bargain_cost": "9", "mode": "nothing", "c_ceiling": "NaN"}
        assert "3,707" in (await console_app.send(client, "/campaigns/autumn/fission/try", wild)).text
        assert (await console_app.send(client, "/campaigns/autumn/fission", {"base": "1"})).status_code == 403
    assert await fair.workspace.db.fetchval("select max(version) from campaign_version") == 1


async def test_the_chosen_mode_becomes_a_play(fair: Fair, console_app: Console) -> None:
    await fair.office.create(await fair.actor(), without_group(fair.now_ms))
    db = fair.workspace.db
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        chosen = {"base": "1", "mode": "group_buy", "c_share": "40", "s_bargain_cost": "4", "w_cost": "30"}
        chosen |= {"product": "jam", "price": "6.00", "stock": "30", "size": "3"}
        assert (await console_app.send(client, "/campaigns/autumn/fission", chosen)).status_code == 303
        found = await fair.office.check(await db.fetchval("select text from campaign_version where version = 2"))
        assert found.document is not None
        assert not [problem for problem in found.problems if problem.path.startswith(("fission", "plays.group"))]
        fission, play = found.document.fission, found.document.plays["group-of-friends"]
        assert fission is not None
        assert (fission.mode, fission.chances.share_ppm, fission.scores["bargain"].cost) == ("group_buy", 400_000, 4)
        assert (fission.weights.cost, list(fission.scores)) == (30, ["bargain"])
        assert (play.head.play, play.rules.price_minor, play.rules.size) == ("group_buy", 600, 3)  # type: ignore[union-attr]
        same = await console_app.send(client, "/campaigns/autumn/fission", {"base": "2"})
        assert same.status_code == 303
        wrong = chosen | {"base": "2", "price": "cheap"}
        assert (await console_app.send(client, "/campaigns/autumn/fission", wrong)).status_code == 303
        other = {"base": "2", "mode": "bargain"}
        assert (await console_app.send(client, "/campaigns/autumn/fission", other)).status_code == 303
        text = await db.fetchval("select text from campaign_version where version = 3")
        assert 'mode = "bargain"' in text
        assert await db.fetchval("select max(version) from campaign_version") == 3


async def test_channels_and_baits_are_added(fair: Fair, console_app: Console) -> None:
    await fair.office.create(await fair.actor(), document(fair.now_ms))
    db = fair.workspace.db
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        channel = {"base": "1", "name": "wechat_oa", "people": "120000", "seeds": "1.5", "cost": "0.02"}
        bait = {"base": "2", "name": "both", "joiner": "3", "sharer": "5"}
        assert (await console_app.send(client, "/campaigns/autumn/fission/channel", channel)).status_code == 303
        assert (await console_app.send(client, "/campaigns/autumn/fission/bait", bait)).status_code == 303
        bad = {"base": "3", "name": "x", "people": "many"}
        assert (await console_app.send(client, "/campaigns/autumn/fission/channel", bad)).status_code == 303
        made = read(await db.fetchval("select text from campaign_version order by version desc limit 1")).document
        assert made is not None
        assert made.fission is not None
        assert made.fission.channels["wechat_oa"].seeds_ppm == 15_000
        assert made.fission.baits["both"].sharer_minor == 500
        assert "1,800" in (await client.get("/campaigns/autumn/fission")).text  # 120,000 x 1.5 %


@pytest.mark.parametrize(("width", "language"), [(WIDE, "en"), (NARROW, "zh")])
async def test_sliders_answer_and_the_page_is_sound(
    fair: Fair, console_app: Console, chromium: Browser, width: int, language: str
) -> None:
    await fair.office.create(await fair.actor(), document(fair.now_ms) + BAIT)
    visitor = await Visitor.come(chromium, console_app.url, width=width, language=language)
    await sign_in(console_app, visitor, "operator")
    await visitor.page.goto("/campaigns/autumn/fission")
    await expect(visitor.page.locator("#waves svg")).to_be_visible()
    await sound(visitor)
    await visitor.page.locator("#c-share").press("ArrowRight")
    await expect(visitor.page.locator("#answer")).not_to_contain_text("3,707")
    await expect(visitor.page.locator("#waves svg")).to_be_visible()
    await sound(visitor)
    await visitor.leave()
