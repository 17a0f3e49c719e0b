"""How a campaign spreads: channels, modes compared, the share chain, baits; tried with sliders, kept in the document.

Nothing that is tried here is kept before it is saved: a version of the document, as everywhere. The mode that is chosen becomes a
play when this version of Miaohui runs it; the others stand in the document as a plan.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from miaohui import plays
from miaohui.campaign import store
from miaohui.campaign.document import Document
from miaohui.campaign.edits import CannotEdit, Edit, edit
from miaohui.campaign.fission import BaitOffer, Chances, Fission
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.store import Campaign
from miaohui.console.campaigns import campaign_of
from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.console.plans import read_text
from miaohui.console.stages import pages_of, tags
from miaohui.money import Money, to_minor
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import rendered, see_other
from miaohui.planning import chain, fission
from miaohui.planning.chain import Bait, Chain, Share
from miaohui.planning.fission import CRITERIA, MODES, Scores
from miaohui.text import Text
from miaohui.workspace import Workspace

SLIDERS: dict[str, tuple[Text, Decimal, Decimal, Decimal, str]] = {
    "share": (Text("分享率", "Share"), Decimal(0), Decimal(100), Decimal(1), "%"),
    "reach": (Text("一次分享看到的人", "Reach of a share"), Decimal(0), Decimal(60), Decimal("0.5"), ""),
    "open": (Text("打开率", "Open"), Decimal(0), Decimal(100), Decimal(1), "%"),
    "join": (Text("参加率", "Join"), Decimal(0), Decimal(100), Decimal(1), "%"),
    "decay": (Text("每波剩下", "Left in the next wave"), Decimal(0), Decimal(100), Decimal(1), "%"),
}
"""Field -> its words, least, most, step and unit."""


class Tried(Struct, frozen=True, kw_only=True):
    """What the form says, or the document where it says nothing."""

    weights: tuple[int, ...]
    scores: dict[str, Scores]
    seeds: int
    ceiling: int
    chances: dict[str, Decimal]
    want: int
    mode: str

    @property
    def share(self) -> Share:
        """The chances as the chain wants them."""
        part = {name: float(self.chances[name]) / 100 for name in ("share", "open", "join", "decay")}
        return Share(reach=float(self.chances["reach"]), ceiling=self.ceiling, **part)


class BaitRow(Struct, frozen=True, kw_only=True):
    """One bait with what it would bring: new people, their cost each, the cost of all."""

    name: str
    offer: BaitOffer
    chain: Chain
    each_minor: int | None
    total_minor: int


def tried(written: Fission, form: Mapping[str, Any]) -> Tried:
    """The form over the document over the defaults; what is no number, or out of bounds, is as if it had not been written."""
    chances = written.chances
    percents = {name: Decimal(getattr(chances, f"{name}_ppm")) / 10_000 for name in ("share", "open", "join", "decay")}
    found = {"reach": chances.reach} | percents
    for name, (_, least, most, _, _) in SLIDERS.items():
        found[name] = _number(form.get(f"c_{name}"), found[name], least, most)
    weights = tuple(
        int(_number(form.get(f"w_{name}"), Decimal(getattr(written.weights, name)), Decimal(0), Decimal(100)))
        for name in CRITERIA
    )
    scores = {}
    for mode, about in MODES.items():
        kept = written.scores.get(mode)
        own = tuple(getattr(kept, name) for name in CRITERIA) if kept else about.scores
        a, b, c, d = (
            int(_number(form.get(f"s_{mode}_{name}"), Decimal(value), Decimal(1), Decimal(5)))
            for name, value in zip(CRITERIA, own, strict=True)
        )
        scores[mode] = (a, b, c, d)
    big = Decimal(10**9)
    mode = str(form.get("mode", written.mode or ""))
    return Tried(
        weights=weights,
        scores=scores,
        seeds=int(_number(form.get("c_seeds"), Decimal(_seeds(written)), Decimal(0), big)),
        ceiling=int(_number(form.get("c_ceiling"), Decimal(chances.ceiling), Decimal(1), big)),
        chances=found,
        want=int(_number(form.get("want"), Decimal(10_000), Decimal(0), big)),
        mode=mode if mode in MODES else "",
    )


def _seeds(written: Fission) -> int:
    """What the channels bring by themselves, or what the document says where it names no channels."""
    brought = sum(channel.people * channel.seeds_ppm // 1_000_000 for channel in written.channels.values())
    return brought or written.chances.seeds


def _number(value: Any, otherwise: Decimal, least: Decimal, most: Decimal) -> Decimal:
    try:
        found = Decimal(str(value)) if value not in (None, "") else otherwise
    except InvalidOperation:
        return otherwise
    return found if found.is_finite() and least <= found <= most else otherwise


def answer(now: Tried, written: Fission, currency: str) -> dict[str, Any]:
    """Everything that follows from what is tried."""
    by = now.share
    carried = chain.carried(now.seeds, by)
    ranked = fission.ranking(now.scores, now.weights)
    first = fission.robustness(now.scores, now.weights)
    best = ranked[0][0]
    fan = chain.fan(now.seeds, by, len(carried.waves)) if carried.waves else []
    totals = [now.seeds + sum(carried.waves[: n + 1]) for n in range(len(carried.waves))]
    return {
        "now": now,
        "ranked": ranked,
        "first": first,
        "worse": sorted({worse for better, worse in fission.dominated(now.scores) if better == best}),
        "chain": carried,
        "totals": totals,
        "by": by,
        "promised": chain.promised(now.seeds, by, max(len(carried.waves), 1)),
        "needed": chain.seeds_for(now.want, by),
        "baits": [_bait(name, offer, now, currency) for name, offer in written.baits.items()],
        "drawn": msgspec.json.encode(
            {"totals": [now.seeds, *totals], "fan": [[now.seeds] * 3, *fan]}, enc_hook=float
        ).decode(),
        "modes": MODES,
        "criteria": CRITERIA,
        "runs": {name for name, mode in MODES.items() if mode.play in plays.names()},
        "currency": currency,
    }


def _bait(name: str, offer: BaitOffer, now: Tried, currency: str) -> BaitRow:
    by = now.share
    share = by.share if offer.share_ppm is None else offer.share_ppm / 1_000_000
    join = by.join if offer.join_ppm is None else offer.join_ppm / 1_000_000
    with_it = Share(share=share, reach=by.reach, open=by.open, join=join, decay=by.decay, ceiling=by.ceiling)
    found = chain.carried(now.seeds, with_it)
    each = chain.cost_per_new(found, with_it, Bait(offer.joiner_minor, offer.sharer_minor))
    return BaitRow(
        name=name,
        offer=offer,
        chain=found,
        each_minor=None if each is None else round(each),
        total_minor=0 if each is None else round(each * found.new),
    )


async def _found(workspace: Workspace, id: str) -> tuple[Campaign, Document | None]:
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
        text = (await store.version(c, id)).text
    return campaign, read_text(text, workspace.zone, workspace.currency)


@get("/campaigns/{id:str}/fission", guards=[needs("campaign.view")])
async def page(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]) -> Response[str]:
    """The page; values in its address are tried at once."""
    campaign, document = await _found(workspace, id)
    written = (document.fission if document else None) or Fission()
    currency = document.currency if document else workspace.currency
    grouped = [name for name, play in document.plays.items() if play.head.play == "group_buy"] if document else []
    return show(
        request,
        "console/fission.html",
        within=pages_of(id, campaign.name),
        campaign=campaign,
        tags=tags(campaign.status),
        document=document,
        written=written,
        sliders=SLIDERS,
        grouped=grouped,
        edits=operator.may("campaign.edit") and document is not None,
        **answer(tried(written, request.query_params), written, currency),
    )


@post("/campaigns/{id:str}/fission/try", guards=[needs("campaign.view")], status_code=200)
async def attempt(request: AnyRequest, workspace: TheWorkspace, id: FromPath[str]) -> Response[str]:
    """What follows from the form; nothing is kept."""
    _, document = await _found(workspace, id)
    written = (document.fission if document else None) or Fission()
    currency = document.currency if document else workspace.currency
    now = tried(written, await request.form())
    return Response(
        rendered(request, "console/fission_answer.html", **answer(now, written, currency)), media_type="text/html"
    )


# -- kept in the document ----------------------------------------------------------------------------------------------------------


@post("/campaigns/{id:str}/fission", guards=[needs("campaign.edit")])
async def save(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]) -> Redirect:
    """Keep what the form says as a version; a mode that runs here becomes a play if a product for it is named."""
    form = await request.form()
    campaign, document = await _found(workspace, id)
    written = (document.fission if document else None) or Fission()
    now = tried(written, form)
    edits = _edits(now, written)
    try:
        edits += _play(form, document, now)
    except ValueError as wrong:
        return see_other(request, f"/campaigns/{id}/fission", Text(f"没有保存：{wrong}", f"Not saved: {wrong}"), "bad")
    return await _keep(request, workspace, operator, campaign, edits, str(form.get("base", "")))


@post("/campaigns/{id:str}/fission/{what:str}", guards=[needs("campaign.edit")])
async def add(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str], what: FromPath[str]
) -> Redirect:
    """Add or change a channel of the inventory, or a bait."""
    form = {key: str(value).strip() for key, value in (await request.form()).items() if isinstance(value, str)}
    campaign, _ = await _found(workspace, id)
    name = form.get("name", "")
    fields = {"channel": ("people", "seeds", "cost"), "bait": ("joiner", "sharer", "share", "join")}.get(what, ())
    try:
        values = {key: str(Decimal(form[key])) for key in fields if form.get(key)}
    except InvalidOperation:
        said = Text("没有保存：应为数字。", "Not saved: write numbers.")
        return see_other(request, f"/campaigns/{id}/fission", said, "bad")
    inline = "{ " + ", ".join(f"{key} = {value}" for key, value in values.items()) + " }"
    edits = [Edit(("fission", f"{what}s", name), inline)] if name and values else []
    return await _keep(request, workspace, operator, campaign, edits, form.get("base", ""))


def _edits(now: Tried, written: Fission) -> list[Edit]:
    """The section as it is to be; scores that are the example's are not written."""
    edits = []
    if now.mode != (written.mode or ""):
        edits.append(Edit(("fission", "mode"), f'"{now.mode}"' if now.mode else ""))
    weights = dict(zip(CRITERIA, now.weights, strict=True))
    if weights != {name: getattr(written.weights, name) for name in CRITERIA}:
        edits.append(Edit(("fission", "weights"), _inline(weights)))
    for mode, scores in now.scores.items():
        kept = written.scores.get(mode)
        own = tuple(getattr(kept, name) for name in CRITERIA) if kept else MODES[mode].scores
        if scores != own:
            edits.append(Edit(("fission", "scores", mode), _inline(dict(zip(CRITERIA, scores, strict=True)))))
    chances = {"seeds": now.seeds} | now.chances | {"ceiling": now.ceiling}
    before = _chances(written.chances)
    if chances != before and not (chances | {"seeds": 0} == before | {"seeds": 0} and now.seeds == _seeds(written)):
        edits.append(Edit(("fission", "chances"), _inline(chances)))
    return edits


def _chances(chances: Chances) -> dict[str, Any]:
    percents = {name: Decimal(getattr(chances, f"{name}_ppm")) / 10_000 for name in ("share", "open", "join", "decay")}
    return {"seeds": chances.seeds, "reach": chances.reach} | percents | {"ceiling": chances.ceiling}


def _inline(values: Mapping[str, Any]) -> str:
    return (
        "{ "
        + ", ".join(
            f"{key} = {value:f}" if isinstance(value, Decimal) else f"{key} = {value}" for key, value in values.items()
        )
        + " }"
    )


def _play(form: Mapping[str, Any], document: Document | None, now: Tried) -> list[Edit]:
    """The play of a chosen mode that runs here, if the form names a product for it. ValueError."""
    product = str(form.get("product", ""))
    if now.mode != "group_buy" or document is None or product not in document.products:
        return []
    name = "group-of-friends"
    if name in document.plays:
        return []
    price = to_minor(str(form.get("price", "")).strip(), document.currency)
    stock, size = int(str(form.get("stock") or 0)), int(str(form.get("size") or 3))
    fields = {
        "play": '"group_buy"',
        "title": '{ zh = "好友拼团", en = "A group of friends" }',
        "product": f'"{product}"',
        "price": str(Money(price, document.currency).decimal()),
        "size": str(size),
        "hours": "24",
        "stock": str(stock),
    }
    return [Edit(("plays", name, key), value) for key, value in fields.items()]


async def _keep(
    request: AnyRequest, workspace: Workspace, operator: Any, campaign: Campaign, edits: list[Edit], base: str
) -> Redirect:
    back = f"/campaigns/{campaign.id}/fission"
    if not edits:
        return see_other(request, back, Text("没有变化。", "Nothing to change."))
    try:
        async with workspace.db.acquire() as c:
            text = (await store.version(c, campaign.id)).text
        new = edit(text, edits)
        saved = await workspace.office.save(operator, campaign.id, int(base) if base.isdigit() else 0, new, "spreading")
    except CampaignRefused as refused:
        return see_other(request, back, refused.sentence, "bad")
    except CannotEdit as why:
        return see_other(
            request, back, Text(f"文件改不了：{why}", f"The document cannot be changed here: {why}"), "bad"
        )
    number = saved.status.version
    return see_other(request, back, Text(f"已存为 v{number}。", f"Saved as v{number}."))


HANDLERS = [page, attempt, save, add]
