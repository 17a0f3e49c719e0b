"""Split an amount over units so that the parts sum exactly to the whole: largest remainder, capped by room.

Worked: 10.00 over prices 30.00, 20.00 and 10.00 is 5.00, 3.33 and 1.67: exact shares 500, 333.33, 166.67 are cut to whole
cents, and the cent left over goes to the largest remainder. A unit takes at most its room; what it cannot take is given to the
others by their weights, again, until nothing is left or nobody has room.

`allocate_runs` does the same for units that come in runs of equals, at a cost that does not depend on how many they are.
"""

from collections.abc import Sequence
from operator import gt, mul


def allocate(amount: int, weights: Sequence[int], rooms: Sequence[int] | None = None) -> list[int]:
    """Parts of `amount` (>= 0, minor units) by `weights` (>= 0); each part <= its room (default: no cap).

    The sum is `amount`, or the sum of the rooms if that is less. Ties go to the earlier unit. Weights that are all 0 count
    as equal.
    """
    parts = [0] * len(weights)
    left = amount
    open_ = [n for n in range(len(weights)) if rooms is None or rooms[n] > 0]
    while left > 0 and open_:
        total = sum(weights[n] for n in open_)
        shares = {n: left * (weights[n] if total else 1) for n in open_}
        base = total or len(open_)
        given = {n: share // base for n, share in shares.items()}
        spare = left - sum(given.values())
        for n in sorted(open_, key=lambda n: (-(shares[n] % base), n))[:spare]:
            given[n] += 1
        for n, part in given.items():
            part = part if rooms is None else min(part, rooms[n] - parts[n])
            parts[n] += part
            left -= part
        open_ = [n for n in open_ if rooms is not None and rooms[n] > parts[n]]
    return parts


class _Run:
    __slots__ = ("count", "part", "room", "weight")

    def __init__(self, count: int, weight: int, room: int, part: int) -> None:
        self.count, self.weight, self.room, self.part = count, weight, room, part


def allocate_runs(
    amount: int, counts: Sequence[int], weights: Sequence[int], rooms: Sequence[int]
) -> list[list[tuple[int, int]]]:
    """`allocate` over runs: run n stands for `counts[n]` units of one weight and room, in their order.

    For each run its parts as (units, part of each of them): one pair, or more where a leftover cent ends inside a run.
    """
    if amount >= sum(map(mul, counts, rooms)):
        return [[(count, room)] for count, room in zip(counts, rooms, strict=True)]
    if len(counts) == 1:
        whole, spare = divmod(amount, counts[0])
        return [[(spare, whole + 1), (counts[0] - spare, whole)] if spare else [(counts[0], whole)]]
    return _at_once(amount, counts, weights, rooms) or _in_rounds(amount, counts, weights, rooms)


def _at_once(
    amount: int, counts: Sequence[int], weights: Sequence[int], rooms: Sequence[int]
) -> list[list[tuple[int, int]]] | None:
    """The parts if nobody's room binds, which is nearly always; else None."""
    total = sum(map(mul, counts, weights))
    if not total:
        return None
    given = [amount * weight // total for weight in weights]
    spare = amount - sum(map(mul, counts, given))
    parts = [[pair] for pair in zip(counts, given, strict=True)]
    if spare:
        rests = [amount * weight % total for weight in weights]
        for n in sorted(range(len(rests)), key=rests.__getitem__, reverse=True):  # stable: ties to the earlier
            count = counts[n]
            if count > spare:
                parts[n] = [(spare, given[n] + 1), (count - spare, given[n])]
                given[n] += 1
                break
            given[n] += 1
            parts[n] = [(count, given[n])]
            spare -= count
            if not spare:
                break
    return None if any(map(gt, given, rooms)) else parts


def _in_rounds(
    amount: int, counts: Sequence[int], weights: Sequence[int], rooms: Sequence[int]
) -> list[list[tuple[int, int]]]:
    runs = [[_Run(*x, 0)] for x in zip(counts, weights, rooms, strict=True)]
    left = amount
    while left > 0:
        open_ = [(home, run) for home in runs for run in home if run.room > 0]
        total = sum(run.count * run.weight for _, run in open_)
        base = total or sum(run.count for _, run in open_)
        given, rests, spare = [], [], left
        for n, (_, run) in enumerate(open_):
            whole, rest = divmod(left * (run.weight if total else 1), base)
            given.append(whole)
            rests.append((-rest, n))
            spare -= whole * run.count
        rests.sort()
        extra = []
        for _, n in rests:
            if spare <= 0:
                break
            home, run = open_[n]
            if run.count > spare:
                tail = _Run(run.count - spare, run.weight, run.room, run.part)
                home.insert(home.index(run) + 1, tail)
                extra.append((tail, given[n]))
                run.count = spare
            given[n] += 1
            spare -= run.count
        for run, part in [*((run, given[n]) for n, (_, run) in enumerate(open_)), *extra]:
            part = min(part, run.room)
            run.part += part
            run.room -= part
            left -= part * run.count
    return [[(run.count, run.part) for run in home] for home in runs]


def spread(amount: int, quantity: int) -> list[int]:
    """`amount` over `quantity` equal units: spread(1000, 3) == [334, 333, 333]."""
    whole, spare = divmod(amount, quantity)
    return [whole + (n < spare) for n in range(quantity)]


def percent(amount: int, ppm: int) -> int:
    """`ppm` millionths of `amount` (both >= 0), rounded half up: percent(333, 100_000) == 33, percent(335, 100_000) == 34."""
    return (amount * ppm + 500_000) // 1_000_000
