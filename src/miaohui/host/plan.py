"""What a submission will touch, from ids only, before anything is locked.

An order's claims never change once it is placed; so the keys of its later verbs are known from the stored order.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from miaohui.events.envelope import NOBODY
from miaohui.host import orders
from miaohui.host.acquaintances import Acquaintances
from miaohui.host.orders import Order, OrderClaim, order_key
from miaohui.host.setup import Entry, Register
from miaohui.host.storage import Person
from miaohui.host.submission import Submission
from miaohui.plays._contract import Pay, Place, Refund, Refusal, Release, Who

_NO_AUDIENCES: frozenset[str] = frozenset()
EVERYBODY = "everybody"
LAPSED = ("cancelled", "expired")


class Part(Struct, gc=False):
    """One play's share of a submission: the play as it runs, the action as far as its keys need it, and the states it touches."""

    entry: Any
    action: Struct
    states: tuple[str, ...]


class Plan:
    """What a submission will touch, from ids only."""

    __slots__ = ("accounts", "customer", "fast_enough", "order", "parts", "person", "refusal", "states", "submission")

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self.customer = NOBODY
        self.person = Person()
        self.order: Order | None = None
        self.parts: list[Part] = []
        self.states: list[str] = []
        self.accounts: list[str] = []
        self.refusal: Refusal | None = None
        self.fast_enough: bool | None = None

    def add(self, entry: Entry, action: Struct, terms: int = 0) -> None:
        """Add a play's share and the keys it touches, by version `terms` of its rules (0: the current one)."""
        rules = entry.versions[terms].rules if terms else entry.current.rules
        states, accounts = entry.machine.module.touches(rules, action)
        self.parts.append(Part(entry, action, states))
        self.states.extend(states)
        self.accounts.extend(accounts)


def plan(submission: Submission, register: Register, known: Acquaintances) -> Plan:
    """Which states and accounts the submission needs."""
    p = Plan(submission)
    p.customer = known.id(submission.customer)
    p.person = known.people.get(p.customer, p.person)
    match submission.what:
        case "play":
            _plan_play(p, register)
        case "order":
            _plan_order(p, register, known)
        case "timer":
            _plan_timer(p, register, known)
        case "opening":
            p.accounts.extend(submission.fields.accounts())
        case other:
            raise AssertionError(other)
    return p


def _plan_play(p: Plan, register: Register) -> None:
    s = p.submission
    entry = _entry(register, s.campaign, s.play)
    if isinstance(entry, Refusal):
        p.refusal = entry
        return
    cls = entry.machine.actions[s.action]
    sent, wants_who, wants_id = _fields(cls)
    fields = {name: getattr(s.fields, name) for name in sent}
    if wants_who:
        fields["who"] = who(p, register, s.campaign)
    if wants_id:
        fields["id"] = s.id.hex()
    p.add(entry, cls(**fields))


@cache
def _fields(action: type[Struct]) -> tuple[tuple[str, ...], bool, bool]:
    """What of an action the caller sends, and whether the host fills in who acts and the action's id."""
    names = action.__struct_fields__
    return tuple(name for name in names if name not in ("who", "id")), "who" in names, "id" in names


def _plan_order(p: Plan, register: Register, known: Acquaintances) -> None:
    s = p.submission
    p.states.append(order_key(s.order))
    if s.action == "placed":
        p.order = _new_order(p, register)
        verbs: tuple[Callable[..., Struct], ...] = (Place,)
    else:
        stored = known.orders.get(order_key(s.order))
        if stored is None:
            p.refusal = Refusal("order_not_placed", {"order": s.order})
            return
        p.order = orders.decode(stored)
        if s.action == "paid" and p.order.status in LAPSED:
            verbs = (Place, Pay)
        else:
            verbs = {"paid": (Pay,), "refunded": (_refund,)}.get(s.action, (Release,))
    for n, claim in enumerate(p.order.claims):
        entry = _entry(register, claim.campaign, claim.play)
        if isinstance(entry, Refusal):
            p.refusal = replace(entry, data=entry.data | {"claim": n})
            return
        terms = claim.terms if entry.machine.promotion is not None else 0  # what it touches depends on its rules
        for verb in verbs:
            p.add(entry, verb(orders.claim_of(s.order, p.order, n, p.order.lines)), terms)


def _refund(claim: Any) -> Refund:
    return Refund(claim, {}, {}, False)


def _new_order(p: Plan, register: Register) -> Order:
    body: orders.PlacedInput = p.submission.fields
    claims = sorted(body.claims, key=lambda claim: _turn(claim, register))
    campaign = claims[0].campaign if claims else ""
    return Order(
        customer=p.customer,
        who=who(p, register, campaign),
        currency=body.currency,
        lines=orders.lines_of(body),
        claims=tuple(OrderClaim(c.campaign, c.play, c.instance, c.coupon, c.line, 0, code=c.code) for c in claims),
        source=p.submission.caller.source,
        facts=body.facts,
        audiences=audiences(p, register, {claim.campaign for claim in claims}),
        placed_ms=register.read_ms,  # about: when it is decided, its day must be the same
    )


def _turn(claim: orders.ClaimInput, register: Register) -> int:
    """Plays that set a line's price come first, then promotions, then what is taken off the order; else as the shop sent them."""
    entry = register.entries.get((claim.campaign, claim.play))
    if entry is not None and entry.machine.promotion is not None:
        return 1
    return 0 if claim.line and not claim.coupon else 2


def audiences(p: Plan, register: Register, campaigns: Iterable[str]) -> tuple[str, ...]:
    """The audiences of `campaigns` that the customer is in, as campaign/name."""
    found = []
    for campaign in sorted(campaigns):
        mask, _ = p.person.memberships.get(campaign, (0, False))
        found += [f"{campaign}/{name}" for name in (EVERYBODY, *sorted(register.members(campaign, mask)))]
    return tuple(found)


def _plan_timer(p: Plan, register: Register, known: Acquaintances) -> None:
    s = p.submission
    if s.order:
        _plan_order(p, register, known)
        return
    entry = _entry(register, s.campaign, s.play)
    if isinstance(entry, Refusal):
        p.refusal = entry
    else:
        assert entry.machine.timer is not None, f"{entry.machine.name} has no timers"
        p.add(entry, entry.machine.timer(s.fields))


def _entry(register: Register, campaign: str, play: str) -> Entry | Refusal:
    entry: Entry | None = register.entries.get((campaign, play))
    if entry is not None:
        return entry
    if campaign not in register.campaigns:
        return Refusal("unknown_campaign", {"campaign": campaign})
    known = sorted(name for c, name in register.entries if c == campaign)
    return Refusal("unknown_play", {"campaign": campaign, "play": play, "plays": known})


def who(p: Plan, register: Register, campaign: str) -> Who:
    """The customer as the plays of `campaign` see him."""
    mask, _ = p.person.memberships.get(campaign, (0, False))
    return Who(
        p.customer,
        {"account": p.customer, **p.person.identities},
        register.members(campaign, mask) if mask else _NO_AUDIENCES,
        p.person.consents,
    )
