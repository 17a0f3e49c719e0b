"""What plays do not have is at the shop: its stock of each product, the money of each campaign."""

from collections.abc import Iterator

from miaohui.simulation.auditor.record import Finding, Out, Record, Stored


def audit(record: Record, stored: Stored, out: Out) -> Iterator[Finding]:
    """Goods and budgets."""
    brought = {f"sku/{sku}": units for sku, units in record.stock.items()}
    brought |= {f"budget/{campaign}": money for campaign, money in record.budgets.items()}
    for key, amount in brought.items():
        there, should = stored.account(key).here(), amount - out.held[key]
        if there != should and key not in out.unknown:
            yield Finding("shop", key, str(there), f"{should}: {amount} came in, {out.held[key]} is with plays")
