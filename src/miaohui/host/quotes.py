"""Pricing carts: the order that is not placed. Nothing is reserved, nothing is written.

    lines -> what other plays make of them (a flash-sale token, a party's seat) -> all promotions that are open, priced together
          -> coupons -> the total, the claims to place the order with, and what became of every promotion and why

The same pieces as at placing: the plays' own `decide`, and `order_price`. What differs is where balances come from (`glance`: a
moment old), and that a claim that would be refused is left out and told, where an order would be refused as a whole. Somebody
else may be faster; so the order says what the customer was shown (`total_minor`), and is refused if it comes to anything else.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from miaohui.host import orders
from miaohui.host.codes import TypedCodes
from miaohui.host.glance import Glance
from miaohui.host.order_price import Buyer, CartPrice, Share, cart_price
from miaohui.host.orders import GIFT, ClaimInput, line_reply
from miaohui.host.plan import EVERYBODY
from miaohui.host.quote import CartInput, NotGranted, Pretend, Quote, check, plain
from miaohui.host.quote_words import Words
from miaohui.host.setup import NONE, Entry, Register
from miaohui.host.storage import Person
from miaohui.host.submission import Customer
from miaohui.ledger.accounts import Account, pool_key, wallet_key
from miaohui.plays._contract import Claim, Decision, Line, Moment, Place, Placed, Refusal, Who


class Quotes:
    """Prices carts for one workspace."""

    def __init__(
        self, register: Register, glance: Glance | None, language: str, typed: TypedCodes | None = None
    ) -> None:
        """Without a glance nothing is looked up: every limit is unused, nobody is known, and any code that works once is good (a
        dry run). Without `typed` no such code is."""
        self.register, self.glance, self.language, self.typed = register, glance, language, typed

    async def quote(
        self, cart: CartInput, customer: Customer = Customer(), *, pretend: Pretend | None = None
    ) -> Quote | Refusal:
        """The cart's price, or why it cannot be read (bad_request)."""
        refusal = check(cart)
        if refusal is not None:
            return refusal
        pretended = pretend or Pretend()
        id, person, now_ms = "", Person(), pretended.at_ms
        if self.glance is not None:
            id, person = await self.glance.person(customer)
            now_ms = await self.glance.now_ms()
        run = _Run(self, cart, id, person, now_ms, pretended)
        return await run.all()


class _Run:
    """One cart being priced."""

    def __init__(self, quotes: Quotes, cart: CartInput, id: str, person: Person, now_ms: int, pretend: Pretend) -> None:
        self.quotes, self.cart, self.now_ms, self.person = quotes, cart, now_ms, person
        self.register, self.dry = quotes.register, quotes.glance is None
        self.words = Words(quotes.language, cart.currency)
        self.who = Who(id, {"account": id, **person.identities} if id else {}, consents=person.consents)
        self.audiences = pretend.audiences
        self.balances: dict[str, Account] = {}
        self.refused: list[NotGranted] = []
        self.out: dict[str, Refusal] = {}
        """Promotions that are left out by what the host or their play says: id -> why."""
        self.once: dict[str, str] = {}
        """Promotions for which a code that works once was typed: id -> the code."""
        self.too_fast: tuple[str, ...] = ()
        """Codes that were not looked up, because he has tried so many."""

    async def all(self) -> Quote:
        """The whole way."""
        body = orders.PlacedInput("", self.cart.currency, self.cart.lines, shipping_minor=self.cart.shipping_minor)
        lines = orders.lines_of(body)
        claims = list(self.cart.claims)
        first = [claim for claim in claims if claim.line and not claim.coupon]
        lines, granted = await self.others(first, lines, 0)
        await self.look_up()
        entries = self.candidates()
        priced = await self.promotions(entries, lines)
        applied = [
            entry for entry, share in zip(entries, priced.shares, strict=True) if share.outcome.status == "applied"
        ]
        lines = self.less(lines, priced)
        lines, later = await self.others([claim for claim in claims if claim not in first], lines, len(granted))
        return self.reply(lines, [*granted, *(self.claim(entry) for entry in applied), *later], entries, priced)

    # --- promotions -----------------------------------------------------------------------------------------------------

    async def look_up(self) -> None:
        """Which promotions the typed codes that work once belong to."""
        if not self.cart.codes:
            return
        asking = [entry for entry in self.register.promotions() if entry.current.rules.single_use and self.asked(entry)]
        if not asking:
            return
        public = {plain(code) for entry in self.register.promotions() for code in entry.current.rules.codes}
        codes = [code for code in self.cart.codes if plain(code) not in public]
        if not codes:
            return
        if self.dry:
            self.once = {entry.current.id: codes[0] for entry in asking}
            return
        typed, customer = self.quotes.typed, self.who.customer
        if typed is None:
            return
        if typed.too_many(customer, self.now_ms):
            self.too_fast = tuple(codes)
            return
        accounts = {(e.current.id, code): typed.account(e.current.id, code) for e in asking for code in codes}
        await self.look(accounts.values())
        made = {
            pair: self.balances[account]
            for pair, account in accounts.items()
            if self.balances[account].unit is not None
        }
        found = sorted(made, key=lambda pair: made[pair].room())  # one that can be used comes last, and is taken
        self.once = dict(found)
        typed.were_wrong(customer, set(codes) - {code for _, code in found}, self.now_ms)

    def asked(self, entry: Entry) -> bool:
        """Whether the cart asks this promotion: its currency, its campaign."""
        setup = entry.current
        return setup.currency == self.cart.currency and (
            not self.cart.campaigns or setup.campaign in self.cart.campaigns
        )

    def candidates(self) -> list[Entry]:
        """The promotions that are open to this customer now, without those that need a code nobody typed; by campaign and name."""
        typed = {plain(code) for code in self.cart.codes}
        found = []
        for entry in self.register.promotions():
            setup = entry.current
            if not self.asked(entry) or (setup.rules.single_use and setup.id not in self.once):
                continue
            if setup.rules.codes and not typed & {plain(code) for code in setup.rules.codes}:
                continue
            barred = None if self.dry and setup.audience == "" else self.barred(entry)
            if barred is None:
                found.append(entry)
            else:
                self.out[setup.id] = barred
        return found

    def barred(self, entry: Entry) -> Refusal | None:
        """The shared checks; in a dry run only the audience."""
        setup = entry.current
        if self.dry:
            inside = f"{setup.campaign}/{setup.audience}" in self.audiences
            return None if inside else Refusal("not_in_audience", {"audience": setup.audience})
        mask, control = self.person.memberships.get(setup.campaign, (0, False))
        members = self.register.members(setup.campaign, mask) if setup.audience else NONE
        return entry.barred(members, control, self.person.consents, self.now_ms)

    async def promotions(self, entries: list[Entry], lines: tuple[Line, ...]) -> CartPrice:
        """All of them together; one whose play would refuse what it is to give is taken out, and the rest is priced anew."""
        await self.look(key for entry in entries for key in _limits(entry, self.who, self.now_ms))
        while True:
            buyer = Buyer(self.who, self.audiences_in(entries), self.cart.facts)
            offered = [entry.offer() for entry in entries]
            codes = (*self.cart.codes, *self.once)
            priced = cart_price(self.cart.currency, lines, buyer, offered, self.balances, codes, self.now_ms)
            gone = await self.refusing(entries, priced, lines)
            if not gone:
                return priced
            self.out |= gone
            entries[:] = [entry for entry in entries if entry.current.id not in gone]

    async def refusing(self, entries: list[Entry], priced: CartPrice, lines: tuple[Line, ...]) -> dict[str, Refusal]:
        """Promotions that could not give what they are to give."""
        if self.dry:
            return {}
        giving = [(e, s) for e, s in zip(entries, priced.shares, strict=True) if s.outcome.status == "applied"]
        wanted = [(e, self.place(e, self.claim(e), lines, s)) for e, s in giving]
        await self.look(key for e, place in wanted for key in e.machine.module.touches(e.current.rules, place)[1])
        found = {}
        for entry, place in wanted:
            decision = entry.machine.module.decide(entry.current.rules, {}, self.balances, place, self.moment())
            if isinstance(decision, Refusal):
                found[entry.current.id] = decision
        return found

    def audiences_in(self, entries: Iterable[Entry]) -> tuple[str, ...]:
        """Where the customer is in, as campaign/name."""
        found = list(self.audiences)
        for campaign in dict.fromkeys(entry.current.campaign for entry in entries):
            mask, _ = self.person.memberships.get(campaign, (0, False))
            found += [f"{campaign}/{name}" for name in (EVERYBODY, *self.register.members(campaign, mask))]
        return tuple(found)

    def less(self, lines: tuple[Line, ...], priced: CartPrice) -> tuple[Line, ...]:
        """The lines after the promotions, with their gifts."""
        gifts = []
        for share in priced.shares:
            lines = orders.less(lines, Placed(share.given_minor))
            gifts += [
                Line(line=f"{GIFT}{share.outcome.promotion}/{sku}", sku=sku, quantity=n, unit_price_minor=0, open=False)
                for sku, n in share.gifts().items()
            ]
        return (*lines, *gifts)

    # --- other plays ----------------------------------------------------------------------------------------------------

    async def others(
        self, claims: list[ClaimInput], lines: tuple[Line, ...], n: int
    ) -> tuple[tuple[Line, ...], list[ClaimInput]]:
        """What other plays take off the lines; those that would refuse are told of and left out."""
        granted: list[ClaimInput] = []
        for claim in claims:
            entry = self.register.entries.get((claim.campaign, claim.play))
            decision: Placed | Refusal = Refusal(
                "unknown_play", {"campaign": claim.campaign, "play": claim.play, "plays": []}
            )
            if entry is not None and entry.machine.promotion is None and not self.dry:
                decision = await self.ask(entry, claim, lines, n + len(granted))
            if isinstance(decision, Refusal):
                self.refused.append(self.words.not_granted(claim, entry, decision))
                continue
            lines = orders.less(lines, decision)
            granted.append(claim)
        return lines, granted

    async def ask(self, entry: Entry, claim: ClaimInput, lines: tuple[Line, ...], n: int) -> Placed | Refusal:
        """What a play would answer to the claim."""
        assert self.quotes.glance is not None
        if entry.machine.place_starts and (barred := self.barred(entry)):
            return barred
        place = self.place(entry, claim, lines, None, n)
        keys, accounts = entry.machine.module.touches(entry.current.rules, place)
        await self.look(accounts)
        rows = await self.quotes.glance.states(keys)
        states = {
            key: entry.machine.state(rows[key].body) if key in rows and entry.machine.state else None for key in keys
        }
        born = next((rows[key].terms for key in keys if key in rows), 0)
        rules = entry.versions[born or entry.current.version].rules
        decision = entry.machine.module.decide(rules, states, self.balances, place, self.moment())
        if isinstance(decision, Refusal):
            return decision
        assert isinstance(decision, Decision)
        assert isinstance(decision.reply, Placed)
        return decision.reply

    def place(self, entry: Entry, claim: ClaimInput, lines: tuple[Line, ...], share: Share | None, n: int = 0) -> Place:
        """The claim as its play would see it."""
        setup = entry.current
        mask, _ = self.person.memberships.get(setup.campaign, (0, False))
        made = Claim(
            id=n.to_bytes(16, "big"),
            order="",
            campaign=claim.campaign,
            play=claim.play,
            who=replace(self.who, audiences=self.register.members(setup.campaign, mask)),
            currency=self.cart.currency,
            lines=lines,
            instance=claim.instance,
            coupon=claim.coupon,
            code=self.quotes.typed.sealed(setup.id, claim.code)
            if self.quotes.typed and setup.id in self.once
            else claim.code,
            line=claim.line,
            given_minor=share.given_minor if share else {},
            kept=share.kept if share else {},
            placed_ms=self.now_ms,
        )
        return Place(made)

    def claim(self, entry: Entry) -> ClaimInput:
        """The claim that an order makes on a promotion."""
        setup = entry.current
        typed = self.once.get(setup.id, "")
        if setup.rules.codes:
            codes = {plain(code) for code in setup.rules.codes}
            typed = next((code for code in self.cart.codes if plain(code) in codes), "")
        return ClaimInput(setup.campaign, setup.play, code=typed)

    async def look(self, keys: Iterable[str]) -> None:
        """Have these accounts in `balances`."""
        missing = [key for key in keys if key not in self.balances]
        if missing and self.quotes.glance is not None:
            self.balances |= await self.quotes.glance.accounts(missing)

    def moment(self) -> Moment:
        """A moment that nothing is decided in."""
        return Moment(bytes(16), self.now_ms, 0)

    def reply(
        self, lines: tuple[Line, ...], claims: list[ClaimInput], entries: list[Entry], priced: CartPrice
    ) -> Quote:
        """The whole, in the caller's language."""
        shown = tuple(line_reply(line, line.quantity * line.unit_price_minor - line.due_minor) for line in lines)
        list_minor, total_minor = sum(x.list_minor for x in shown), sum(x.due_minor for x in shown)
        by_id = {entry.current.id: entry for entry in self.register.promotions()}
        out = [(by_id[id], refusal) for id, refusal in self.out.items()]
        told = self.words.told(entries, priced, out)
        owned = {
            (one.campaign, one.play): (*by_id[id].current.rules.codes, *([self.once[id]] if id in self.once else ()))
            for one in told
            for id in (f"{one.campaign}/{one.play}",)
        }
        earned = {
            share.outcome.promotion: share.kept[name]
            for share in priced.shares
            for name in ("earned_points", "earned_money")
            if name in share.kept
        }
        return Quote(
            currency=self.cart.currency,
            lines=shown,
            list_minor=list_minor,
            discount_minor=list_minor - total_minor,
            total_minor=total_minor,
            prepaid_minor=priced.priced.prepaid_minor,
            claims=tuple(claims),
            promotions=told,
            codes=self.words.codes(self.cart.codes, told, owned, self.too_fast) if self.cart.codes else (),
            not_granted=tuple(self.refused),
            points=sum(share.kept.get("points", 0) for share in priced.shares),
            earned=earned,
        )


def _limits(entry: Entry, who: Who, now_ms: int) -> list[str]:
    """The accounts that say how much of a promotion is used, where it has limits."""
    rules, id = entry.current.rules, entry.current.id
    daily = rules.daily(who, now_ms)
    keys = [pool_key(id, f"gifts_{n}") for n, _ in enumerate(rules.gifts(), 1)]
    if daily or rules.uses is not None or rules.per_customer is not None or rules.budget_minor is not None:
        keys += [pool_key(id, "used"), *daily]
    if rules.budget_minor is not None:
        keys.append(pool_key(id, "budget"))
    if rules.per_customer is not None:
        keys += [key for _, key in who.limits(id, rules.identities)]
    if rules.pays_points() and who.customer:
        keys.append(wallet_key(who.customer, "points"))
    return keys
