"""The units of a cart while it is priced, as runs: neighbours of one line that are equal in everything cost one step, not many.

A run is split only where a cent or an offer ends inside it, so that a line of 1,000 units mostly costs what a line of 1 does.
"""

from collections.abc import Iterable, Sequence

from miaohui.pricing.allocation import allocate_runs

FREE = -1
Taken = tuple[tuple[str, int], ...]
"""(promotion, minor units it took off one unit), the first first."""


Cut = tuple[int, int, int, int, bool]
"""(run, offset, units, part, grouped): `part` off each of `units` units of `run` from its `offset`-th on; `grouped`: a unit group
uses these units up. A plain tuple: a large cart makes thousands."""


def total(cuts: Iterable[Cut]) -> int:
    """What the cuts come to."""
    return sum(units * part for _, _, units, part, _ in cuts)


def capped(cuts: Sequence[Cut], most: int) -> list[Cut]:
    """The same cuts, `most` in all: each shrinks in proportion."""
    if total(cuts) <= most:
        return list(cuts)
    counts, parts = [cut[2] for cut in cuts], [cut[3] for cut in cuts]
    return [
        piece
        for (run, offset, _, _, grouped), share in zip(cuts, allocate_runs(most, counts, parts, parts), strict=True)
        for piece in shared(run, offset, share, grouped=grouped)
    ]


def shared(run: int, offset: int, share: Iterable[tuple[int, int]], *, grouped: bool = False) -> Iterable[Cut]:
    """Cuts of `run` from one run's share as `allocate_runs` gives it: [(units, part), ...]."""
    for units, part in share:
        yield run, offset, units, part, grouped
        offset += units


class Basket:
    """Runs in the order of their units, one list per property (index = run):

    `line` index of the line, `count` units, `list` list price, `price` price now, `low` floor, `activity` price after the activity
    lane, `start` price when the lane began, `owner` the promotion whose unit group has it (or FREE), `taken` what was taken off one
    unit. Promotions are named by their turn; `ids` are their ids.
    """

    _COLUMNS = ("activity", "count", "line", "list", "low", "owner", "price", "start", "taken")
    __slots__ = (*_COLUMNS, "ids")

    def __init__(self, runs: Iterable[tuple[int, int, int, int]], ids: Sequence[str]) -> None:
        """Runs as (line, count, list price, floor)."""
        self.ids = ids
        rows = [row for row in runs if row[1] > 0]
        self.line = [row[0] for row in rows]
        self.count = [row[1] for row in rows]
        self.list = [row[2] for row in rows]
        self.low = [min(row[2], row[3]) for row in rows]
        self.price, self.activity, self.start = self.list[:], self.list[:], self.list[:]
        self.owner = [FREE] * len(rows)
        self.taken: list[Taken] = [()] * len(rows)

    def copy(self) -> "Basket":
        """A basket of its own with the same runs."""
        twin = Basket.__new__(Basket)
        twin.ids = self.ids
        for name in self._COLUMNS:
            setattr(twin, name, getattr(self, name)[:])
        return twin

    def rooms(self, runs: Iterable[int]) -> list[int]:
        """How much may still be taken off one unit of each run."""
        price, low = self.price, self.low
        return [price[n] - low[n] for n in runs]

    def worth(self, runs: Iterable[int]) -> int:
        """What the runs cost now."""
        price, count = self.price, self.count
        return sum(price[n] * count[n] for n in runs)

    def take(self, cuts: Sequence[Cut], promotion: int) -> int:
        """Take `cuts` for `promotion`; how much that was. No two cuts may meet on one unit."""
        price, count, taken, owner = self.price, self.count, self.taken, self.owner
        name, saved, inside = self.ids[promotion], 0, []
        for cut in cuts:
            run, offset, units, part, grouped = cut
            if offset or units < count[run]:
                inside.append(cut)
                continue
            if part:
                price[run] -= part
                taken[run] += ((name, part),)
                saved += part * units
            if grouped:
                owner[run] = promotion
        return saved + self._take_inside(inside, promotion) if inside else saved

    def _take_inside(self, cuts: list[Cut], promotion: int) -> int:
        moved = 0
        whole: list[Cut] = []
        end = (-1, 0)
        for run, offset, units, part, grouped in sorted(cuts):
            at = run + moved
            begin = offset - end[1] if run == end[0] else offset
            if begin:
                self._split(at, begin)
                at, moved = at + 1, moved + 1
            if units < self.count[at]:
                self._split(at, units)
                moved += 1
            whole.append((at, 0, units, part, grouped))
            end = (run, offset + units)
        return self.take(whole, promotion)

    def _split(self, run: int, units: int) -> None:
        rest = self.count[run] - units
        self.count[run] = units
        for name in self._COLUMNS:
            column = getattr(self, name)
            column.insert(run + 1, column[run])
        self.count[run + 1] = rest
