"""What each pool moved by its play's doing, beside the events that the play names as its proof.

What operators moved is taken out: at an opening the pool got what its version says, the stop emptied it.
"""

from collections import defaultdict
from collections.abc import Iterator

from miaohui.simulation.auditor.record import Finding, Record, Stored


def audit(record: Record, stored: Stored) -> Iterator[Finding]:
    """Pools that operators never fill: all they have came by the play."""
    told: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for event in record.events:
        told[event.campaign, event.play, event.name, ""] += 1
        for field, value in event.properties.items():
            if value.lstrip("-").isdigit():
                told[event.campaign, event.play, event.name, field] += int(value)
    for (campaign, play), versions in record.by_play().items():
        filled = {f"play/{campaign}/{play}/{name}" for v in versions for name, pool in v.pools.items() if pool[1]}
        for account, terms in versions[-1].proofs.items():
            should = sum(sign * told[campaign, play, event, field] for sign, event, field in terms)
            if account not in filled and stored.account(account).here() != should:
                yield Finding("proofs", account, str(stored.account(account).here()), f"{should} by its events")
