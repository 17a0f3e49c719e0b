"""What customers do, and the shop for them: a visit is a generator that yields waits and calls and is sent the answers.

A customer acts on a play, orders with what he got (or with somebody else's), pays once, twice, late or never, cancels, brings
some or all of it back. Some of what he sends is nonsense. An answer of None means that he never got one.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Generator
from random import Random
from typing import Any

import msgspec

from miaohui.host import orders
from miaohui.host.setup import Setup, machine
from miaohui.host.submission import Answer, Caller, Customer, Submission, action_id, body_hash
from miaohui.simulation.drawn import WORD, Drawer
from miaohui.simulation.world import CURRENCY, MINUTE, Visitor, World, claimable, product_of

SHOP = Caller("shop")
SHAPES = ("instance", "coupon", "code", "")
"""How a claim names what it is about: a party or token, a coupon, a code, or nothing. What has worked for a play is mostly kept."""
_INPUTS = {"placed": orders.PlacedInput, "refunded": orders.RefundedInput}


class Call:
    """One thing that somebody wants, under one idempotency key, however often it is sent."""

    def __init__(self, n: int, what: str, submission: Submission, body: dict[str, Any]) -> None:
        self.n, self.what, self.submission, self.body = n, what, submission, body
        self.granted: set[bytes] = set()
        self.refused: list[str] = []
        self.sent, self.answered = 0, False


Visit = Generator["int | Call", Answer | None, None]
"""Yields how long it waits (ms), or a call; is sent the call's answer."""


class Shop:
    """Makes the calls of all visits, and remembers what there is to talk about: names of what was opened, orders.

    `spawn` lets another visit begin after so many ms."""

    def __init__(self, world: World, chance: Random, spawn: Callable[[int, Visit], None]) -> None:
        self.world, self.chance, self.spawn = world, chance, spawn
        self.drawer = Drawer(chance, world.products, [], world.opens_ms, world.ends_ms)
        self.calls: list[Call] = []
        self.orders: dict[str, Visitor] = {}
        self.opened: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self.works: dict[str, set[str]] = defaultdict(set)
        self._keys: dict[tuple[str, str, str], str] = {}

    # --- calls --------------------------------------------------------------------------------------------------------
    def act(self, me: Visitor, setup: Setup) -> Call:
        """One of the play's actions; its fields are drawn."""
        made = machine(setup.module)
        name = self.chance.choice(list(made.actions))
        cls = made.actions[name]
        fields = {f for f in cls.__struct_fields__ if f not in ("who", "id")}
        drawn = self.drawer.fields(cls, {"who": None, "id": ""}, lambda _: self.name(setup.id, me))
        body = {f: msgspec.to_builtins(drawn[f]) for f in fields if f in drawn}
        return self._call(
            f"{setup.id} {name}",
            body,
            id=self._id(me, setup.campaign, setup.play),
            what="play",
            action=name,
            fields=made.inputs[name].decode(json.dumps(body).encode()),
            campaign=setup.campaign,
            play=setup.play,
            customer=self._customer(me),
        )

    def order(self, me: Visitor, order: str, verb: str, **body: Any) -> Call:
        """A verb of an order."""
        return self._call(
            f"order {order} {verb}",
            body,
            id=self._id(me, "", f"order/{order}"),
            what="order",
            action=verb,
            fields=msgspec.convert({"customer": me.id, **body}, _INPUTS.get(verb, orders.PaidInput)),
            order=order,
            customer=self._customer(me),
        )

    def _call(self, title: str, body: dict[str, Any], **fields: Any) -> Call:
        n = len(self.calls)
        hash = body_hash(json.dumps([title, body], sort_keys=True).encode())
        call = Call(n, title, Submission(hash=hash, caller=SHOP, **fields), body)
        self.calls.append(call)
        return call

    def _id(self, me: Visitor, campaign: str, play: str) -> bytes:
        """The id of a new call of his; now and then he uses his last key again, be it for something else."""
        scope = (me.shop_hash or me.id, campaign, play)
        if scope not in self._keys or self.chance.random() > 0.03:
            self._keys[scope] = f"k{len(self.calls)}"
        return action_id(self.world.secret, SHOP.scope, *scope, self._keys[scope])

    def _customer(self, me: Visitor) -> Customer:
        return Customer(shop_hash=me.shop_hash, shop_id=me.shop_hash) if me.shop_hash else Customer(id=me.id)

    def name(self, play: str, me: Visitor) -> str:
        """The name of something that the play's actions opened: mostly his own, or what others talk about."""
        known = self.opened[play]
        own = [name for name, owner in known[-400:] if owner == me.id]
        if own and self.chance.random() < 0.8:
            return own[-1]
        if not known or self.chance.random() < 0.05:
            return "none"
        popular = known[(len(known) - 1) // 5 * 5]
        return (popular if self.chance.random() < 0.6 else self.chance.choice(known[-8:]))[0]

    # --- visits -------------------------------------------------------------------------------------------------------
    def visit(self, me: Visitor, wanted: Setup | None = None) -> Visit:
        """A customer's time with us; `wanted` is what he came for."""
        chance = self.chance
        for _ in range(chance.choice((1, 1, 2, 3))):
            setup, wanted = wanted or chance.choice(list(self.world.setups.values())), None
            got = chance.random() < 0.15
            if not machine(setup.module).actions:  # customers do nothing for it
                got = True
            elif chance.random() < 0.8:
                for _ in range(chance.choice((1, 1, 1, 2))):
                    call = self.act(me, setup)
                    answer = yield call
                    if answer is not None and answer.refusal is None:
                        self.opened[setup.id].append((call.submission.id.hex(), me.id))
                        got = True
            else:  # he follows a link that somebody sent him
                got = bool(self.opened[setup.id])
            if got and claimable(setup.module):
                yield chance.randint(100, 20_000)
                yield from self.buy(me, setup)
            yield chance.randint(500, 30 * MINUTE)

    def buy(self, me: Visitor, setup: Setup, name: str = "") -> Visit:
        """Order with what was got (or with `name`, that a friend sent), and what may become of an order."""
        order = f"o{len(self.orders) + 1}"
        self.orders[order] = me
        claims, lines, shapes = self._claims(me, setup, name)
        answer = yield self.order(me, order, "placed", currency=CURRENCY, lines=lines, claims=claims)
        if answer is not None and answer.refusal is None:
            for play, shape in shapes:
                self.works[play].add(shape)
            if not name and self.chance.random() < 0.5:
                self._invite(setup, claims[0].get(shapes[0][1], ""))
        elif self.chance.random() < 0.9:
            return
        yield from self._settle(me, order, lines)

    def _invite(self, setup: Setup, name: str) -> None:
        """Friends get his link, and some of them come in the same moment."""
        at_ms = self.chance.randint(MINUTE, 6 * MINUTE)
        for _ in range(self.chance.randint(1, 7)):
            friend = self.chance.choice(self.world.visitors)
            self.spawn(at_ms + self.chance.choice((0, 0, 0, 5 * MINUTE)), self.buy(friend, setup, name))

    def _settle(self, me: Visitor, order: str, lines: list[dict[str, Any]]) -> Visit:
        chance = self.chance
        match chance.choices(("paid", "twice", "late", "never", "cancelled", "both"), (50, 12, 8, 12, 10, 8))[0]:
            case "never":
                return
            case "cancelled":
                yield self.order(me, order, "cancelled")
                if chance.random() < 0.7:
                    return
            case "both":
                yield self.order(me, order, chance.choice(("cancelled", "paid")))
            case "late":
                yield chance.randint(4 * MINUTE, 70 * MINUTE)
            case "twice":
                yield self.order(me, order, "paid")
        yield chance.randint(10, 3 * MINUTE)
        yield self.order(me, order, "paid")
        for _ in range(chance.choice((0, 0, 0, 1, 2))):
            yield chance.randint(1000, 90 * MINUTE)
            yield self.order(me, order, "refunded", lines=self._returned(lines))

    def refund(self, order: str) -> Visit:
        """The shop does what Miaohui asks it: the money goes back. Now and then it forgets."""
        yield self.chance.randint(100, 10 * MINUTE)
        if self.chance.random() < 0.9:
            yield self.order(self.orders[order], order, "refunded")

    def _returned(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if self.chance.random() < 0.4:
            return []
        line = self.chance.choice(lines)
        return [{"line": line["line"], "quantity": self.chance.randint(1, line["quantity"])}]

    def _claims(
        self, me: Visitor, setup: Setup, name: str
    ) -> tuple[list[dict[str, str]], list[dict[str, Any]], list[tuple[str, str]]]:
        """Claims on the play and sometimes on another one, each with the line that is for it, and in which form."""
        chance = self.chance
        claims: list[dict[str, str]] = []
        lines: list[dict[str, Any]] = []
        shapes: list[tuple[str, str]] = []
        others = [s for s in self.world.setups.values() if s is not setup and claimable(s.module)]
        chosen = [setup] + ([chance.choice(others)] if others and chance.random() < 0.3 else [])
        for one in chosen:
            product = product_of(one.rules) or chance.choice(self.world.products)
            if all(line["sku"] != product.sku for line in lines):
                line = {"line": str(len(lines) + 1), "sku": product.sku, "unit_price_minor": product.list_price_minor}
                lines.append(line | {"quantity": chance.choice((1, 1, 1, 2, 3))})
            known = self.works[one.id]
            shape = chance.choice(sorted(known) if known and chance.random() < 0.9 else SHAPES)
            claim = {"campaign": one.campaign, "play": one.play}
            if shape:
                claim[shape] = WORD if shape == "code" else (name if one is setup else "") or self.name(one.id, me)
            if product_of(one.rules):
                claim["line"] = next(line["line"] for line in lines if line["sku"] == product.sku)
            claims.append(claim)
            shapes.append((one.id, shape))
        if chance.random() < 0.02:
            claims.append(chance.choice(({"campaign": "east", "play": "none"}, {"campaign": "none", "play": "none"})))
        return claims, lines, shapes
