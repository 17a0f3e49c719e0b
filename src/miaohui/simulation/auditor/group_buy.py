"""Group buying from its events: seats taken and held never exceed the party, it ends once, and everybody gets what he paid for."""

from collections import defaultdict
from collections.abc import Iterator

from miaohui.events.envelope import Event
from miaohui.simulation.auditor.limits import Limits
from miaohui.simulation.auditor.record import Finding, Out, Record, Stored, Version


class Party:
    """One party: `held` and `paid` are orders."""

    def __init__(self, size: int) -> None:
        self.size, self.status = size, "open"
        self.held: dict[str, str] = {}
        self.paid: dict[str, str] = {}


class Goods:
    """Units of the play: free, held by unpaid orders, sold."""

    def __init__(self) -> None:
        self.left, self.held, self.sold, self.amount = 0, 0, 0, 0
        self.units: dict[str, int] = {}
        self.party: dict[str, str] = {}
        self.back: dict[str, int] = defaultdict(int)


def audit(record: Record, versions: list[Version], events: list[Event], stored: Stored, out: Out) -> Iterator[Finding]:
    """All parties of one group buying."""
    first, id = versions[0], f"{versions[0].campaign}/{versions[0].play}"
    sku = first.rules["product"]["sku"]
    limits, goods, parties, coming = Limits(record, versions), Goods(), dict[str, Party](), list(versions)
    stopped_ms = record.stopped_ms(first.campaign)
    ordered = _ordered(events, sku)
    for event in events:
        while coming and coming[0].at_ms <= event.at_ms:
            goods.left += coming[0].rules["stock"] - goods.amount
            goods.amount = coming.pop(0).rules["stock"]
        if stopped_ms is not None and event.at_ms > stopped_ms:
            goods.left, stopped_ms = 0, None
        ours = (event.campaign, event.play) == (first.campaign, first.play)
        if event.name == "order.paid" or (ours and not event.name.startswith("order.")):
            yield from _follow(record, versions, event, limits, goods, parties, ordered)
        if goods.left < 0:
            yield Finding(
                "group_buy", f"{id} {event.order}", f"{-goods.left} more than there were", "the stock at most"
            )
    for version in coming:
        goods.left, goods.amount = goods.left + version.rules["stock"] - goods.amount, version.rules["stock"]
    if record.stopped_ms(first.campaign) is not None:  # whatever came back since has gone home, too
        goods.left = 0
    yield from limits.beside(stored)
    for pool, should in (("stock", goods.left + goods.held), ("sold", goods.sold)):
        there = stored.account(f"play/{id}/{pool}").here()
        if there != should:
            yield Finding("group_buy", f"play/{id}/{pool}", str(there), f"{should} by events")
    out.held[f"sku/{sku}"] += goods.left + goods.held + goods.sold
    for name, party in parties.items():
        yield from _beside(id, name, party, stored)


def _ordered(events: list[Event], sku: str) -> dict[str, int]:
    """Order -> units of the product in it."""
    return {
        e.order: sum(quantity for _, line_sku, quantity, _ in e.lines if line_sku == sku)
        for e in events
        if e.name == "order.placed"
    }


def _follow(
    record: Record, versions: list[Version], event: Event, limits: Limits, goods: Goods,
    parties: dict[str, Party], ordered: dict[str, int],
) -> Iterator[Finding]:  # fmt: skip
    what, order, at_ms = event.name.rsplit(".", 1)[1], event.order, event.at_ms
    where = f"{versions[0].campaign}/{versions[0].play} {event.properties.get('party', '')}"
    if event.name == "order.paid":  # a seat of a party that failed is given up when its order is paid
        party = parties.get(goods.party.get(order, ""))
        if party is not None and order in party.held:
            if party.status != "failed":
                yield Finding("group_buy", where, f"{order} is paid and has no seat", "a paid seat")
            yield from _free(party, event, limits, goods, party.held.pop(order))
        return
    if what == "party_opened":
        if not record.may_start(versions[0], at_ms):
            yield Finding("group_buy", where, f"opened at {at_ms}", "inside the window, running")
        rules = [v.rules for v in versions if v.at_ms <= at_ms][-1]
        parties[event.properties["party"]] = Party(rules["size"])
        return
    if what == "requested":
        return
    if what == "returned":
        yield from _returned(versions, event, limits, goods, parties[goods.party[order]])
        return
    party = parties[event.properties["party"]]
    if party.status != "open" and not (what == "seat_freed" and order in party.held):
        yield Finding("group_buy", where, f"{what} after it {party.status}", "nothing after its end")
    match what:
        case "seat_held":
            party.held[order], goods.party[order], goods.units[order] = (
                event.customer,
                event.properties["party"],
                ordered[order],
            )
            goods.left, goods.held = goods.left - ordered[order], goods.held + ordered[order]
            yield from limits.add(event.customer, 1, at_ms)
        case "seat_paid":
            party.paid[order] = party.held.pop(order)
            goods.held, goods.sold = goods.held - goods.units[order], goods.sold + goods.units[order]
            if int(event.properties["quantity"]) != goods.units[order]:
                yield Finding(
                    "group_buy", where, f"{event.properties['quantity']} sold", f"{goods.units[order]} ordered"
                )
            if int(event.properties["missing"]) != party.size - len(party.paid):
                yield Finding(
                    "group_buy", where, f"{event.properties['missing']} missing", str(party.size - len(party.paid))
                )
        case "seat_freed" if order in party.held:
            yield from _free(party, event, limits, goods, party.held.pop(order))
        case "seat_freed":
            if party.paid.pop(order, None) is None:
                yield Finding("group_buy", where, f"{order} frees a seat", "a seat that it has")
        case "completed" | "failed":
            if (len(party.paid) == party.size) != (what == "completed"):
                yield Finding("group_buy", where, f"{what} with {len(party.paid)} paid", f"{party.size} to complete it")
            if event.properties["orders"] != ",".join(party.paid) and set(event.properties["orders"].split(",")) != set(
                party.paid
            ):
                yield Finding("group_buy", where, f"{what} with {event.properties['orders']}", ",".join(party.paid))
            party.status = what
    if len(party.held) + len(party.paid) > party.size:
        yield Finding("group_buy", where, f"{len(party.held) + len(party.paid)} seats", f"at most {party.size}")


def _free(party: Party, event: Event, limits: Limits, goods: Goods, customer: str) -> Iterator[Finding]:
    units = goods.units[event.order]
    goods.held, goods.left = goods.held - units, goods.left + units
    yield from limits.add(customer, -1, event.at_ms)


def _returned(versions: list[Version], event: Event, limits: Limits, goods: Goods, party: Party) -> Iterator[Finding]:
    """Units of a paid order came back: to the play while the party may still fill, else to the shop."""
    order, quantity = event.order, int(event.properties["quantity"])
    goods.sold -= quantity
    goods.back[order] += quantity
    if party.status != "completed" and event.at_ms < versions[0].ends_ms:
        goods.left += quantity
    if goods.back[order] == goods.units[order]:
        yield from limits.add(event.customer, -1, event.at_ms)
        if party.status == "failed":
            party.paid.pop(order, None)


def _beside(id: str, name: str, party: Party, stored: Stored) -> Iterator[Finding]:
    _, state = stored.states.get(f"play/{id}/party/{name}", (0, {}))
    members = state.get("members", [])
    if party.status == "open":
        yield Finding("group_buy", f"{id} {name}", "its end was not told", "completed or failed")
    there = (sorted(m["order"] for m in members if m["paid"]), sorted(m["order"] for m in members if not m["paid"]))
    should = (sorted(party.paid), sorted(party.held))
    if there != should:
        yield Finding("group_buy", f"{id} {name}", f"paid and held {there}", f"{should} by events")
    seats = stored.account(f"play/{id}/taken/{name}").received()
    if seats != len(party.paid) + len(party.held):
        yield Finding(
            "group_buy", f"play/{id}/taken/{name}", str(seats), f"{len(party.paid) + len(party.held)} by events"
        )
