"""Promotions from their events: each is given when its order is paid, comes to what its rules say, within its uses and its money.

What one gives to an order depends on all that is in it. It is computed here, from the rules and what the shop sent, for orders
with nothing else in them and for the two forms that shops use most: a percentage, a full reduction. Everything else is held to
the limits. A code counts for the whole order, with whichever claim it was typed.

Limits by day count an order by the day it was placed on. A code that works once is one use: unused, with
some order, or withdrawn.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from miaohui.events.envelope import Event
from miaohui.simulation.auditor.record import Finding, Out, Record, Stored, Version

Body = dict[str, Any]


class Given:
    """What one order has of the promotion, as its events tell it."""

    def __init__(self) -> None:
        self.claims, self.placed_ms, self.times, self.code = "", 0, 0, ""
        self.had = {"given_minor": 0, "uses": 0, "gifts": 0}


def audit(record: Record, versions: list[Version], events: list[Event], stored: Stored, out: Out) -> Iterator[Finding]:
    """One promotion."""
    id = f"{versions[0].campaign}/{versions[0].play}"
    sent = {a.order: a.body for a in record.asked if a.verb == "placed" and a.granted}
    orders: dict[str, Given] = defaultdict(Given)
    counts = _Counts(record, versions)
    for event in events:
        given, p = orders[event.order], event.properties
        match event.name:
            case "order.placed" if id in p["claims"].split(","):
                given.claims, given.placed_ms = p["claims"], event.at_ms
                if not record.may_start(versions[0], event.at_ms):
                    yield Finding("promotion", f"{id} {event.order}", f"at {event.at_ms}", "inside the window, running")
            case "promotion.applied":
                yield from _applied(id, event, given, versions, sent.get(event.order))
                given.times += 1
                given.code = p["code"]
                given.had = {"given_minor": int(p["given_minor"]), "uses": 1, "gifts": int(p["gifts"])}
                yield from counts.add(event, given, 1, int(p["given_minor"]))
            case "promotion.returned":
                for name in given.had:
                    given.had[name] -= int(p[name])
                    if given.had[name] < 0:
                        yield Finding(
                            "promotion", f"{id} {event.order}", f"{p[name]} {name} too many came back", "it had"
                        )
                yield from counts.add(event, given, -int(p["uses"]), -int(p["given_minor"]))
    yield from counts.beside(stored)
    yield from _beside(id, versions, stored, out)


def _applied(id: str, event: Event, given: Given, versions: list[Version], body: Body | None) -> Iterator[Finding]:
    """Whether the order may have it, and whether it is what the rules say."""
    off, what = int(event.properties["given_minor"]), f"{id} {event.order}"
    if id not in given.claims.split(",") or given.times:
        yield Finding("promotion", what, f"given {given.times + 1} times", "once, to an order that claims it")
    then = [v.rules for v in versions if v.at_ms <= given.placed_ms]
    codes = {code.casefold() for rules in then for code in rules["codes"]}
    typed = {claim.get("code", "").casefold() for claim in body["claims"]} if body else codes
    if all(rules["codes"] for rules in then) and not codes & typed:
        yield Finding("promotion", what, f"codes {sorted(typed)}", f"one of {sorted(codes)}")
    worth = [_worth(rules, body["lines"]) for rules in then] if body and given.claims == id else [None]
    if None not in worth and not any(low <= off <= high for low, high in filter(None, worth)):
        yield Finding("promotion", what, f"{off} off", f"from {worth}, by the rules")


def _worth(rules: dict[str, Any], lines: list[dict[str, int]]) -> tuple[int, int] | None:
    """What `rules` give to `lines`, least and most; None: a form that is not computed here."""
    effect = rules["gives"][0]
    everything = not any(rules["on"].values()) and not any(effect["scope"].values())
    if len(rules["gives"]) > 1 or not everything or rules["stacking"]["margin_floor_ppm"] is not None:
        return None
    total = sum(line["quantity"] * line["unit_price_minor"] for line in lines)
    match effect:
        case {"give": "percent", "target": "goods", "units_max": 0, "cap_minor": None, "each": each}:
            most = total * effect["off_ppm"]
            slack = 1 if each == "order" else sum(line["quantity"] for line in lines)
            low, high = most // 1_000_000 - slack + 1, most // 1_000_000 + slack
        case {"give": "reduction", "measure": "amount", "every": False, "cap_minor": None}:
            reached = [tier for tier in effect["tiers"] if tier["at_least"] <= total]
            if any(tier["off_ppm"] for tier in effect["tiers"]):
                return None
            low = high = min(total, max(reached, key=lambda tier: tier["at_least"])["off_minor"]) if reached else 0
        case _:
            return None
    return (0 if rules["on_budget_end"] == "partial" else low), high


class _Counts:
    """Uses in all and of each identity, the same by day, uses of each code that works once, and money; the largest limit of any
    version so far holds, and none is none."""

    def __init__(self, record: Record, versions: list[Version]) -> None:
        self.record, self.versions = record, versions
        self.id = f"{versions[0].campaign}/{versions[0].play}"
        self.counted: dict[str, int] = defaultdict(int)
        self.codes: dict[str, int] = defaultdict(int)

    def most(self, rule: str, at_ms: int) -> int | None:
        """The largest value of a limit up to `at_ms`."""
        limits = [v.rules[rule] for v in self.versions if v.at_ms <= at_ms]
        return None if None in limits else max(limits)

    def add(self, event: Event, given: Given, uses: int, minor: int) -> Iterator[Finding]:
        """So much more was used, or came back."""
        kinds = self.record.people[event.customer].items()
        named = self.versions[0].rules["identities"]
        mine = [f"limit/{self.id}/{kind}/{hash}" for kind, hash in kinds if kind in named]
        day = datetime.fromtimestamp(given.placed_ms / 1000, ZoneInfo(self.versions[0].rules["zone"])).date()
        changed = [(key, "per_customer", uses) for key in mine]
        changed += [(f"{key}/{day}", "per_customer_per_day", uses) for key in mine]
        changed += [(f"play/{self.id}/day/{day}", "uses_per_day", uses)]
        yield from self._code(given, uses)
        changed += [(f"play/{self.id}/used", "uses", uses), (f"play/{self.id}/spent", "budget_minor", minor)]
        for key, rule, n in changed:
            self.counted[key] += n
            most = self.most(rule, event.at_ms)
            if rule == "budget_minor" and any(v.rules["on_budget_end"] == "let_last_exceed" for v in self.versions):
                most = None
            if self.counted[key] < 0 or (most is not None and self.counted[key] > most):
                yield Finding("promotion", key, str(self.counted[key]), f"0 to {most}")

    def _code(self, given: Given, uses: int) -> Iterator[Finding]:
        """The order has used, or given back, its code that works once."""
        if all(v.rules["single_use"] for v in self.versions if v.at_ms <= given.placed_ms):
            self.codes[given.code] += uses
            if not 0 <= self.codes[given.code] <= 1:
                what = f"play/{self.id}/codes/{given.code}"
                yield Finding("promotion", what, f"used {self.codes[given.code]} times", "once")

    def beside(self, stored: Stored) -> Iterator[Finding]:
        """The stored counters, those that every version counted; and the codes, each of which is one use."""
        limits = {k for k in stored.accounts if k.startswith((f"limit/{self.id}/", f"play/{self.id}/day/"))}
        for key in sorted(limits | self.counted.keys()):
            there = stored.account(key).received()
            if self._always(key) and there != self.counted[key]:
                yield Finding("promotion", key, str(there), f"{self.counted[key]} by events")
        pool, withdrawn = (f"play/{self.id}/{name}/" for name in ("codes", "withdrawn"))
        made = {key.removeprefix(pool) for key in stored.accounts if key.startswith(pool)}
        mixed = not all(v.rules["single_use"] for v in self.versions)  # some uses are then in no code
        for code in sorted(made | self.codes.keys()):
            here = stored.account(pool + code).here() + stored.account(withdrawn + code).here()
            if here + self.codes[code] != 1 and not mixed:
                yield Finding("promotion", pool + code, f"{here} left, {self.codes[code]} used", "one use in all")

    def _always(self, key: str) -> bool:
        """Whether every version counted what `key` counts."""
        names = ["uses_per_day", "per_customer_per_day"]
        if key.startswith("limit/"):
            names = ["per_customer" if key.count("/") == 4 else "per_customer_per_day"]
        elif not key.startswith(f"play/{self.id}/day/"):
            return True
        return all(any(v.rules[name] is not None for name in names) for v in self.versions)


def _beside(id: str, versions: list[Version], stored: Stored, out: Out) -> Iterator[Finding]:
    """What it has of the campaign's money and of the shop's goods."""
    budget, spent = f"budget/{versions[0].campaign}", f"play/{id}/spent"
    excess = 0
    for t in stored.transfers:
        if t.kind in (0, 2) and spent in (t.debit, t.credit):
            outside = t.debit if t.credit == spent else t.credit
            if outside.startswith("world/"):
                excess += t.amount if t.credit == spent else -t.amount
    if not 0 <= excess <= stored.account(spent).here():
        yield Finding("promotion", spent, f"{excess} from outside", f"0 to {stored.account(spent).here()}")
    if excess and all(v.rules["on_budget_end"] != "let_last_exceed" for v in versions):
        yield Finding("promotion", spent, f"{excess} from outside", "0: its budget is the end")
    out.held[budget] += stored.account(f"play/{id}/budget").here() + stored.account(spent).here() - excess
    if any(effect["give"] == "reward" and effect["to"] == "balance" for v in versions for effect in v.rules["gives"]):
        out.unknown.add(budget)  # some of it lies in wallets, where that of other promotions lies, too
    for name in sorted({name for v in versions for name in v.pools if name.startswith("gifts_")}):
        sources = {v.pools[name][2] for v in versions if name in v.pools}
        if len(sources) > 1:
            out.unknown |= sources  # its pieces were of several goods
        here = [stored.account(f"play/{id}/{pool}").here() for pool in (name, name.replace("gifts", "given"))]
        out.held[min(sources)] += sum(here)
