"""The money of a campaign: what each line plans, has promised, has spent and may still give; and what is expected to come back.

    planned     of a play: the most it takes from the budget; of a line: its amount
    promised    customers hold it and have not used it (from the ledger)
    spent       of a play: given (from the ledger); of a line: what was entered as spent
    free        of the whole: total - promised - spent, and what lines have planned beyond it is set aside

    used        (promised + spent) / total: alarms ring at 50, 80 and 100 % unless the document says otherwise
    return      profit / cost = (sales x margin + discounts) / (discounts + lines), as the review reckons it afterwards
    break-even  the sales at which the profit is the cost: lines / margin, the discounts being on both sides

Plays stop giving at the end of their pools and of the campaign's account: the ledger refuses, nothing has to be switched off. Lines
are spent by people, outside it; what was entered counts in `used`.

Worked: total 96,000, lines 6,000 of which 2,500 spent, coupons promised 12,000 and spent 8,000: used 22,500 (23.4 %), free 73,500,
set aside for lines 3,500. Sales 1,200,000 at 31 %, discounts 40,000: return (372,000 + 40,000) / 46,000 = 8.96; break-even at
19,354.84.
"""

from collections.abc import Iterable

from msgspec import Struct


class Line(Struct, frozen=True, kw_only=True):
    """One line of the budget, in the smallest unit; `kind` is play, channel, material, people or other."""

    name: str
    kind: str
    planned_minor: int
    promised_minor: int = 0
    spent_minor: int = 0

    @property
    def free_minor(self) -> int:
        """What is left of the plan; negative when more is gone."""
        return self.planned_minor - self.promised_minor - self.spent_minor


class Sheet(Struct, frozen=True, kw_only=True):
    """The whole: `total` of the document, its lines, the alarms that have been reached."""

    total_minor: int
    lines: tuple[Line, ...]
    alarms: tuple[tuple[int, bool], ...]

    @property
    def planned_minor(self) -> int:
        """What all lines plan."""
        return sum(line.planned_minor for line in self.lines)

    @property
    def promised_minor(self) -> int:
        """What customers hold."""
        return sum(line.promised_minor for line in self.lines)

    @property
    def spent_minor(self) -> int:
        """What is gone."""
        return sum(line.spent_minor for line in self.lines)

    @property
    def free_minor(self) -> int:
        """What is neither promised nor gone."""
        return self.total_minor - self.promised_minor - self.spent_minor

    @property
    def set_aside_minor(self) -> int:
        """What lines outside the plays still have to spend."""
        return sum(max(0, line.free_minor) for line in self.lines if line.kind != "play")

    @property
    def used(self) -> float:
        """The used share of the total."""
        return (self.promised_minor + self.spent_minor) / self.total_minor if self.total_minor else 0.0


def sheet(total_minor: int, lines: Iterable[Line], marks: Iterable[int]) -> Sheet:
    """The sheet with its alarms: each mark in percent, and whether it has been reached."""
    made = Sheet(total_minor=total_minor, lines=tuple(lines), alarms=())
    gone = made.promised_minor + made.spent_minor
    alarms = tuple((mark, total_minor > 0 and gone * 100 >= mark * total_minor) for mark in marks)
    return Sheet(total_minor=total_minor, lines=made.lines, alarms=alarms)


class Return(Struct, frozen=True, kw_only=True):
    """What is expected: in the smallest unit; `times` is profit over cost, None if nothing is spent; None without a margin."""

    sales_minor: int
    profit_minor: int
    cost_minor: int
    discount_minor: int
    lines_minor: int
    times: float | None
    break_even_minor: int | None


def expected(sales_minor: int, margin_ppm: int, discount_minor: int, lines_minor: int) -> Return:
    """What `sales` bring back at this margin and cost."""
    profit = sales_minor * margin_ppm // 1_000_000 + discount_minor
    cost = discount_minor + lines_minor
    return Return(
        sales_minor=sales_minor,
        profit_minor=profit,
        cost_minor=cost,
        discount_minor=discount_minor,
        lines_minor=lines_minor,
        times=profit / cost if cost else None,
        break_even_minor=-(-lines_minor * 1_000_000 // margin_ppm) if margin_ppm else None,
    )
