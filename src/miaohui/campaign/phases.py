"""When: the phases of a campaign. Plays open at `live` and close at `wrap_up` unless they say otherwise. `live` is a day or a time;
the other phases may be written from it, as "live - 5 days", so that one change moves them all."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Struct

from miaohui.campaign.terms import told

PHASES = ("prepare", "warm_up", "live", "wrap_up", "review")


class Phases(Struct, frozen=True, kw_only=True):
    """The beginnings of the phases; a phase ends where the next begins."""

    prepare_ms: Annotated[int | None, told("Work on the campaign begins", "开始筹备")] = None
    warm_up_ms: Annotated[
        int | None, told("The campaign is announced; coupons may be taken", "预热：开始宣传，可领券")
    ] = None
    live_ms: Annotated[int, told("Plays open", "正式开始，玩法开放")]
    wrap_up_ms: Annotated[int, told("Plays close; what is open runs to its end", "收尾：玩法关闭，已开的进行到底")]
    review_ms: Annotated[int | None, told("The review is held", "复盘")] = None

    def opens_ms(self) -> int:
        """When customers see the campaign: the warm-up, or live if there is none."""
        return self.live_ms if self.warm_up_ms is None else self.warm_up_ms

    def each(self) -> Iterator[tuple[str, int]]:
        """The phases that are written, in their order, with their beginnings."""
        for name in PHASES:
            at_ms = getattr(self, f"{name}_ms")
            if at_ms is not None:
                yield name, at_ms
