"""Split an amount over units so that the parts sum exactly to the whole: largest remainder, capped by room.

Worked: 10.00 over prices 30.00, 20.00 and 10.00 is 5.00, 3.33 and 1.67: exact shares 500, 333.33, 166.67 are cut to whole
cents, and the cent left over goes to the largest remainder. A unit takes at most its room; what it cannot take is given to the
others by their weights, again, until nothing is left or nobody has room.
"""

from collections.abc import Sequence


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


def spread(amount: int, quantity: int) -> list[int]:
    """`amount` over `quantity` equal units: spread(1000, 3) == [334, 333, 333]."""
    whole, spare = divmod(amount, quantity)
    return [whole + (n < spare) for n in range(quantity)]
