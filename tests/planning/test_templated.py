"""A finished campaign becomes a template, and the template a campaign."""

from pathlib import Path

from miaohui.campaign.facts import Facts
from miaohui.campaign.reader import read
from miaohui.planning import library
from miaohui.planning.template import Template
from miaohui.planning.template import read as template_of
from miaohui.planning.templated import templated
from miaohui.text import Text
from tests.planning.conftest import Desk, at, occasion, proposals

EXAMPLE = (Path(__file__).parents[2] / "docs/examples/mid-autumn.toml").read_text()
ABOUT = Text("由中秋团圆季做成", "Made of Mid-Autumn reunion")


def made(text: str = EXAMPLE) -> Template:
    """The template of a document."""
    document = read(text, Facts()).document
    assert document is not None
    return template_of("mine", templated(text, document, ABOUT), "mid-autumn-2027")


def test_days_are_relative_stock_is_cleared_secrets_are_gone() -> None:
    template = made(EXAMPLE.replace("[goals.visitors]", '[goals.visitors]\nowner = "wang"'))
    assert (template.head.title, template.head.about, template.head.class_) == (
        Text("中秋团圆季", "Mid-Autumn reunion"), ABOUT, "lunar_festival",
    )  # fmt: skip
    assert [(ask.key, ask.kind) for ask in template.head.ask] == [
        ("name", "texts"), ("live", "when"), ("stock.eight-oclock", "count"), ("stock.table-of-three", "count"),
        ("budget", "budget"),
    ]  # fmt: skip
    for gone in ("2027", "= 3_000", "= 5_000", "Mrs Guan", "store team", '"lin"', '"wang"', "#", "110_000"):
        assert gone not in template.text, gone
    for there in (
        'warm_up = "live - 5 days"', "live    = @live@", 'wrap_up = "live + @days@ days"', 'review  = "live + 15 days"',
        'last_order = "live 18:00"', '"live + 1 day 20:00 for 30 minutes"', "stock        = @stock.eight-oclock@",
        'campaign = "@campaign@"', 'owner    = "@owner@"', "total  = @budget@", "Old Town Bakery",
    ):  # fmt: skip
        assert there in template.text, there


def test_it_is_a_campaign_again_after_a_few_answers() -> None:
    written = proposals(
        made(), occasion(), **{"stock.eight-oclock": "80", "stock.table-of-three": "900", "name__en": "Again"}
    )
    found = read(written, Facts(zone="Asia/Shanghai"))
    assert [problem.code for problem in found.problems if problem.level != "hint"] == []
    assert found.document is not None
    document = found.document
    assert (document.campaign, document.name.en, document.occasion) == ("mid-autumn-2026", "Again", "mid-autumn")
    assert dict(document.phases.each()) == {
        "prepare": at("2026-08-27"),
        "warm_up": at("2026-09-20"),
        "live": at("2026-09-25"),
        "wrap_up": at("2026-09-29"),
        "review": at("2026-10-10"),
    }
    assert "stock        = 80" in written


async def test_it_is_kept_found_and_archived(desk: Desk) -> None:
    document = read(EXAMPLE, Facts()).document
    assert document is not None
    async with desk.db.acquire() as c, c.transaction():
        kept = await library.keep(c, "lin", templated(EXAMPLE, document, ABOUT), "mid-autumn")
        assert [template.id for template in await library.made(c)] == [kept.id]
        found = await library.find(c, kept.id)
        assert found is not None
        assert (found.text, found.source) == (kept.text, "mid-autumn")
        assert await library.archive(c, "lin", kept.id) == Text("中秋团圆季", "Mid-Autumn reunion")
        assert await library.archive(c, "lin", kept.id) is None
        assert (await library.made(c), await library.find(c, kept.id)) == ([], None)
        assert await library.find(c, "festival") == library.shipped()[0]
        actions = [row["action"] for row in await c.fetch("select action from audit order by seq")]
    assert actions[-2:] == ["template.made", "template.archived"]
