"""What an operator tries on the page of spreading, and what follows from it. Pure: nothing is kept."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from itertools import accumulate
from typing import Any

import msgspec
from msgspec import Struct

from miaohui import plays
from miaohui.campaign import chain
from miaohui.campaign.chain import Bait, Chain, Share
from miaohui.campaign.fission import BaitOffer, Fission
from miaohui.planning import fission
from miaohui.planning.fission import CRITERIA, MODES, Scores
from miaohui.planning.past import Quartiles
from miaohui.planning.sharing import Carried
from miaohui.text import Text

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
        seeds=int(_number(form.get("c_seeds"), Decimal(seeds_of(written)), Decimal(0), big)),
        ceiling=int(_number(form.get("c_ceiling"), Decimal(chances.ceiling), Decimal(1), big)),
        chances=found,
        want=int(_number(form.get("want"), Decimal(10_000), Decimal(0), big)),
        mode=mode if mode in MODES else "",
    )


def seeds_of(written: Fission) -> int:
    """What the channels bring by themselves, or what the document says where it names no channels."""
    brought = sum(channel.people * channel.seeds_ppm // 1_000_000 for channel in written.channels.values())
    return brought or written.chances.seeds


def _number(value: Any, otherwise: Decimal, least: Decimal, most: Decimal) -> Decimal:
    try:
        found = Decimal(str(value)) if value not in (None, "") else otherwise
    except InvalidOperation:
        return otherwise
    return found if found.is_finite() and least <= found <= most else otherwise


def ticks(cases: Mapping[str, Quartiles]) -> dict[str, Quartiles]:
    """Slider -> where the cases lie on it, in its unit."""
    return {
        name: Quartiles(found.count, found.low * 100, found.median * 100, found.high * 100)
        for name, found in cases.items()
        if name in SLIDERS
    }


def answer(now: Tried, written: Fission, currency: str, came: Carried = Carried()) -> dict[str, Any]:
    """Everything that follows from what is tried; `came`: what the campaign's own shares have carried."""
    by = now.share
    carried = chain.carried(now.seeds, by)
    ranked = fission.ranking(now.scores, now.weights)
    first = fission.robustness(now.scores, now.weights)
    best = ranked[0][0]
    fan = chain.fan(now.seeds, by, len(carried.waves)) if carried.waves else []
    totals = [now.seeds + sum(carried.waves[: n + 1]) for n in range(len(carried.waves))]
    actual = list(accumulate(came.people))
    return {
        "now": now,
        "ranked": ranked,
        "first": first,
        "worse": sorted({worse for better, worse in fission.dominated(now.scores) if better == best}),
        "chain": carried,
        "totals": totals,
        "came": came,
        "actual": actual,
        "by": by,
        "promised": chain.promised(now.seeds, by, max(len(carried.waves), 1)),
        "needed": chain.seeds_for(now.want, by),
        "baits": [_bait(name, offer, now, currency) for name, offer in written.baits.items()],
        "drawn": msgspec.json.encode(
            {"totals": [now.seeds, *totals], "fan": [[now.seeds] * 3, *fan], "actual": actual}, enc_hook=float
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
