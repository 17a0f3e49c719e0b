"""A flash sale from its events: what is reserved and sold never exceeds the stock, and every reservation had its turn."""

from collections import defaultdict
from collections.abc import Iterator

from miaohui.events.envelope import Event
from miaohui.simulation.auditor.limits import Limits
from miaohui.simulation.auditor.record import Finding, Out, Record, Stored, Version

FOLLOWS = {"": ("reserved",), "reserved": ("sold", "released"), "released": ("reserved",), "sold": ("returned",)}


def audit(record: Record, versions: list[Version], events: list[Event], stored: Stored, out: Out) -> Iterator[Finding]:
    """All reservations of one flash sale."""
    id, sku = f"{versions[0].campaign}/{versions[0].play}", versions[0].rules["product"]["sku"]
    limits, coming = Limits(record, versions), list(versions)
    left, held, sold = 0, 0, 0
    status: dict[str, str] = defaultdict(str)
    turns: dict[str, list[int]] = defaultdict(list)
    stopped_ms = record.stopped_ms(versions[0].campaign)
    amount = 0
    for event in (e for e in events if e.name.startswith("flash_sale.")):
        while coming and coming[0].at_ms <= event.at_ms:
            left += coming[0].rules["stock"] - amount
            amount = coming.pop(0).rules["stock"]
        if stopped_ms is not None and event.at_ms > stopped_ms:
            left, stopped_ms = 0, None
        what, order = event.name.removeprefix("flash_sale."), event.order
        if what == "token_issued":
            rules = [v.rules for v in versions if v.at_ms <= event.at_ms][-1]
            if not any(s["start_ms"] <= event.at_ms < s["end_ms"] for s in rules["slots"]):
                yield Finding("flash_sale", id, f"a token at {event.at_ms}", "a slot that is open")
            turns[event.customer].append(int(event.properties["expires_ms"]))
            continue
        if what not in FOLLOWS[status[order]]:
            yield Finding(
                "flash_sale", f"{id} {order}", f"{what} after {status[order] or 'nothing'}", "a step that may follow"
            )
        quantity = int(event.properties["quantity"])
        match what:
            case "reserved":
                if not status[order] and not _turn(turns[event.customer], event.at_ms):
                    yield Finding("flash_sale", f"{id} {order}", f"reserved at {event.at_ms}", "a token that lives")
                left, held = left - quantity, held + quantity
                yield from limits.add(event.customer, quantity, event.at_ms)
            case "released":
                left, held = left + quantity, held - quantity
                yield from limits.add(event.customer, -quantity, event.at_ms)
            case "sold":
                held, sold = held - quantity, sold + quantity
            case "returned":
                sold -= quantity
                yield from limits.add(event.customer, -quantity, event.at_ms)
        if what != "returned":
            status[order] = what
        if left < 0:
            yield Finding("flash_sale", f"{id} {order}", f"{-left} more than there were", "no more than the stock")
    left += sum(v.rules["stock"] for v in coming[-1:]) - (amount if coming else 0)
    if record.stopped_ms(versions[0].campaign) is not None:  # whatever came back since has gone home, too
        left = 0
    yield from limits.beside(stored)
    for pool, should in (("stock", left + held), ("sold", sold)):
        there = stored.account(f"play/{id}/{pool}").here()
        if there != should:
            yield Finding("flash_sale", f"play/{id}/{pool}", str(there), f"{should} by events")
    out.held[f"sku/{sku}"] += left + held + sold


def _turn(expiries: list[int], at_ms: int) -> bool:
    """Use up the living token that dies first; whether there was one."""
    living = [expires_ms for expires_ms in expiries if at_ms < expires_ms]
    if living:
        expiries.remove(min(living))
    return bool(living)
