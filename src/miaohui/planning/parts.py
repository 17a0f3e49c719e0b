"""A whole split into parts that add up to it exactly.

`split` is the method of the largest remainder: every part gets the floor of its exact share, and the units that are left go to the
largest remainders, the earlier part first. No cent is lost or made, and no part is further than one unit from its share.

    split(1_200_000_00, curve of 12 days)        20375000, 11308333, 8266667, ...   the sum is 120000000
    split(6_983_333, (1.2, 1, 0, 0.5))           3103703, 2586420, 0, 1293210      day 8 of four people, one of them on leave

`table` is iterative proportional fitting (Deming and Stephan, 1940): rows and columns are scaled in turn until both margins hold,
cells that are closed stay 0. 200 rounds meet the margins to a tenth of a unit wherever they can be met.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

Number = int | float | Decimal | Fraction

ROUNDS = 200


def split(whole: int, weights: Sequence[Number]) -> list[int]:
    """`whole` (not negative) by `weights`; equal parts if all weights are 0, nothing without weights."""
    assert whole >= 0, whole
    exact = [Fraction(weight) for weight in weights]
    if not exact:
        return []
    total = sum(exact)
    if not total:
        exact, total = [Fraction(1)] * len(exact), Fraction(len(exact))
    shares = [whole * weight / total for weight in exact]
    found = [share.numerator // share.denominator for share in shares]
    order = sorted(range(len(found)), key=lambda n: (found[n] - shares[n], n))
    for n in order[: whole - sum(found)]:
        found[n] += 1
    return found


def table(rows: Sequence[float], columns: Sequence[float], weights: Sequence[Sequence[float]]) -> list[list[float]]:
    """Cells in proportion to `weights` whose rows add up to `rows` and whose columns add up to `columns`; 0 stays 0.

    The margins must have one sum; where closed cells make it impossible to meet both, the columns are met.
    """
    cells = [list(row) for row in weights]
    for _ in range(ROUNDS):
        for n, wanted in enumerate(rows):
            there = sum(cells[n])
            cells[n] = [cell * wanted / there for cell in cells[n]] if there else cells[n]
        for n, wanted in enumerate(columns):
            there = sum(row[n] for row in cells)
            for row in cells if there else ():
                row[n] *= wanted / there
    return cells
