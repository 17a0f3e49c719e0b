"""Coupons from their events: each is claimed once, is in one place, takes off no more than it is worth."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from miaohui.events.envelope import Event
from miaohui.simulation.auditor.limits import Limits
from miaohui.simulation.auditor.record import Finding, Out, Record, Stored, Version

FOLLOWS = {"": "claimed", "usable": ("redeemed", "expired"), "used": ("returned",), "expired": ()}


class Coupon:
    """One coupon as its events tell it. `least_minor`: what it is worth at least, if it was used and came back."""

    def __init__(self) -> None:
        self.status, self.customer, self.order = "", "", ""
        self.amount_minor, self.least_minor = 0, 0


def audit(record: Record, versions: list[Version], events: list[Event], stored: Stored, out: Out) -> Iterator[Finding]:
    """All coupons of one play."""
    first, id = versions[0], f"{versions[0].campaign}/{versions[0].play}"
    coupons: dict[str, Coupon] = defaultdict(Coupon)
    limits, spent = Limits(record, versions), 0
    for event in (e for e in events if e.name.startswith("coupon.")):
        name, p = event.properties["coupon"], event.properties
        coupon, what = coupons[name], event.name.removeprefix("coupon.")
        if what not in FOLLOWS[coupon.status]:
            yield Finding(
                "coupon", f"{id} {name}", f"{what} after {coupon.status or 'nothing'}", "a step that may follow"
            )
        if coupon.customer and coupon.customer != event.customer:
            yield Finding("coupon", f"{id} {name}", f"{what} by {event.customer}", f"by {coupon.customer}, whose it is")
        match what:
            case "claimed":
                coupon.status, coupon.customer, coupon.amount_minor = "usable", event.customer, int(p["amount_minor"])
                coupon.least_minor = coupon.amount_minor
                offers = {g["offer"]["amount_minor"] for v in versions for g in v.rules["give"]}
                if coupon.amount_minor not in offers:
                    yield Finding("coupon", f"{id} {name}", f"worth {coupon.amount_minor}", f"one of {sorted(offers)}")
                if not record.may_start(first, event.at_ms):
                    yield Finding("coupon", f"{id} {name}", f"claimed at {event.at_ms}", "inside the window, running")
                yield from limits.add(event.customer, 1, event.at_ms)
            case "redeemed":
                coupon.status, given = "used", int(p["given_minor"])
                spent += given
                if not 0 < given <= coupon.amount_minor:
                    yield Finding("coupon", f"{id} {name}", f"took {given} off", f"1 to {coupon.amount_minor}")
                coupon.least_minor, coupon.order = given, event.order
            case "returned":
                coupon.status = "usable"
                spent -= int(p["given_minor"])
                if event.order != coupon.order or int(p["given_minor"]) != coupon.least_minor:
                    yield Finding("coupon", f"{id} {name}", f"returned by {event.order}", f"what {coupon.order} used")
            case "expired":
                coupon.status = "expired"
    yield from limits.beside(stored)
    yield from _beside(record, versions, coupons, spent, stored, out)


def _beside(
    record: Record, versions: list[Version], coupons: dict[str, Coupon], spent: int, stored: Stored, out: Out
) -> Iterator[Finding]:
    """Pools, wallets and the coupons themselves, as they are stored."""
    last, id = versions[-1], f"{versions[-1].campaign}/{versions[-1].play}"
    many = Counter(coupon.status for coupon in coupons.values())
    stopped = record.stopped_ms(last.campaign) is not None
    pools = {"used": many["used"], "expired": many["expired"], "spent": spent}
    pools["coupons"] = 0 if stopped else last.rules["count"] - len(coupons)
    if stopped:  # whatever came back since has gone home, too
        pools["budget"] = 0
    if len(coupons) > max(v.rules["count"] for v in versions):
        yield Finding("coupon", id, f"{len(coupons)} claimed", f"at most {last.rules['count']}")
    wallets: dict[str, int] = defaultdict(int)
    promised, promised_least = 0, 0
    for name, coupon in coupons.items():
        _, state = stored.states.get(f"play/{id}/coupon/{name}", (0, {}))
        status = {"held": "usable"}.get(state.get("status", ""), state.get("status", "not there"))
        if (status, state.get("customer")) != (coupon.status, coupon.customer):
            yield Finding("coupon", f"{id} {name}", f"{status} is stored", f"{coupon.status}, by its events")
        if coupon.status == "usable":
            wallets[f"wallet/{coupon.customer}/coupon:{id}"] += 1
            promised += coupon.amount_minor
            promised_least += coupon.least_minor
    for pool, should in pools.items():
        there = stored.account(f"play/{id}/{pool}").here()
        if there != should:
            yield Finding("coupon", f"play/{id}/{pool}", str(there), f"{should} by events")
    for key in sorted(
        wallets.keys() | {k for k in stored.accounts if k.endswith(f"/coupon:{id}") and k[:7] == "wallet/"}
    ):
        if stored.account(key).here() != wallets[key]:
            yield Finding("coupon", key, str(stored.account(key).here()), f"{wallets[key]} by events")
    there = stored.account(f"play/{id}/promised").here()
    if not promised_least <= there <= promised:
        yield Finding(
            "coupon", f"play/{id}/promised", str(there), f"{promised_least} to {promised}, what is still owed"
        )
    money = sum(stored.account(f"play/{id}/{pool}").here() for pool in ("promised", "spent", "budget"))
    out.held[f"budget/{last.campaign}"] += money
