"""Opening a campaign posts its stock from `sku/...` and its money from `budget/...` into the pools of its plays; closing
returns what is left, so that two plays never sell the same box. Funding brings money and stock into the house.

Every step is an ordinary submission to the host: a filling is all or nothing, and the same filling twice is one.
"""

from collections.abc import Mapping

from msgspec import Struct

from miaohui.ledger.accounts import Account, Transfer, is_world, world_key
from miaohui.plays._contract import Refusal


class Fill(Struct, frozen=True):
    """Put `amount` of `unit` from `source` (empty: the world) into `target`, which is opened if it is new (amount 0: only
    opened)."""

    target: str
    unit: str
    source: str = ""
    amount: int = 0

    def origin(self) -> str:
        """The account it comes from."""
        return self.source or world_key(self.unit)


class Filling(Struct, frozen=True):
    """Some fills and drains that belong together. `drains`: (pool, to): what may still be given goes back."""

    campaign: str
    action: str
    fills: tuple[Fill, ...] = ()
    drains: tuple[tuple[str, str], ...] = ()

    def accounts(self) -> list[str]:
        """Every account it touches."""
        keys = [key for f in self.fills for key in (f.target, f.origin())]
        return list(dict.fromkeys(keys + [key for drain in self.drains for key in drain]))


class Filled(Struct, frozen=True):
    """What was moved: account -> amount that came in."""

    moved: dict[str, int]


def fill(filling: Filling, balances: Mapping[str, Account]) -> tuple[Filled, list[Transfer]] | Refusal:
    """Open what is new and give the transfers, in their order. Refusals: unknown_account, not_enough (have, wanted), other_unit."""
    coming: dict[str, int] = {}
    new: dict[str, str] = {}
    for f in filling.fills:
        source, unit = f.origin(), balances[f.target].unit or new.setdefault(f.target, f.unit)
        held = balances[source].unit or new.get(source)
        if not is_world(source):
            if held is None:
                return Refusal("unknown_account", {"account": source})
            have = balances[source].room() + coming.get(source, 0)
            if have < f.amount:
                return Refusal("not_enough", {"account": source, "have": have, "wanted": f.amount})
        for key, other in ((f.target, unit), (source, held)):
            if other not in (None, f.unit):
                return Refusal("other_unit", {"account": key, "unit": other, "wanted": f.unit})
        coming[source] = coming.get(source, 0) - f.amount
        coming[f.target] = coming.get(f.target, 0) + f.amount
    for f in filling.fills:
        if balances[f.target].unit is None:
            balances[f.target].unit = f.unit
    transfers = [Transfer(f.origin(), f.target, f.amount) for f in filling.fills if f.amount]
    moved = {f.target: f.amount for f in filling.fills}
    for pool, to in filling.drains:
        if balances[pool].unit is not None and (left := balances[pool].room()) > 0:
            transfers.append(Transfer(pool, to, left))
            moved[to] = moved.get(to, 0) + left
    return Filled(moved), transfers
