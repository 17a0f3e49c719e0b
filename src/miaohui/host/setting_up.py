"""From a play's setup to the fillings that open and close it, and a filling as something to decide."""

from miaohui.host.host import Host
from miaohui.host.openings import Fill, Filling
from miaohui.host.setup import Setup, machine
from miaohui.host.submission import Caller, Submission, body_hash
from miaohui.ledger.accounts import pool_key

_US = Caller("us")


def fills(setup: Setup) -> tuple[Fill, ...]:
    """What opening the play posts into its pools; the shop's stock account of a product is opened if it is new."""
    pools = machine(setup.module).module.pools(setup.rules)
    return tuple(Fill(pool_key(setup.id, name), p.unit, p.source, p.amount) for name, p in pools.items())


def drains(setup: Setup) -> tuple[tuple[str, str], ...]:
    """What closing the play gives back: what its pools still have of what they were filled with."""
    pools = machine(setup.module).module.pools(setup.rules)
    return tuple((pool_key(setup.id, name), p.source) for name, p in pools.items() if p.source)


def submission(host: Host, filling: Filling) -> Submission:
    """A filling as something to decide; the same filling is decided once."""
    return Submission(
        id=host.id(_US, "", filling.campaign, "", filling.action),
        hash=body_hash(repr(filling).encode()),
        what="opening",
        action=filling.action,
        fields=filling,
        campaign=filling.campaign,
        caller=_US,
    )
