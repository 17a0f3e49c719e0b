"""A cart that is priced and ordered at once costs what it said, whatever is on: the quote's claims are granted, to the cent."""

from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miaohui.host.orders import LineInput
from miaohui.host.quote import CartInput
from miaohui.host.quotes import Quotes
from miaohui.host.storage import Person
from miaohui.host.submission import Customer
from miaohui.ledger.accounts import Account, is_world
from miaohui.plays import find
from miaohui.pricing.effects import Amount, Bundle, BuyGet, Nth, Part, Percent, Price, Reduction, Tier
from miaohui.pricing.promotion import Lane, Options
from tests.host.stage import CAMPAIGN, T, memory_fair, setup

Scope = find("promotion").Scope
EFFECTS = [
    Price(price_minor=1500),
    Price(price_minor=990, units_max=1),
    Amount(off_minor=150, each="unit"),
    Percent(off_ppm=125_000, each="line"),
    Percent(off_ppm=333_333),
    Amount(off_minor=777),
    Reduction(tiers=(Tier(at_least=3000, off_minor=500), Tier(at_least=9000, off_ppm=200_000))),
    Reduction(tiers=(Tier(at_least=2000, off_minor=333),), every=True, times_max=3),
    Nth(off_ppm=500_000),
    Bundle(parts=(Part(quantity=3),), price_minor=4000),
    BuyGet(buy=2, get=1),
    Percent(off_ppm=1_000_000, target="shipping"),
]
LANES = [
    Options(),
    Options(base="running"),
    Options(order="priority"),
    Options(lanes={name: Lane(mode="best") for name in ("item", "units", "order", "coupon")}),
    Options(
        lanes={
            "activity": Lane(mode="best", each="line"),
            "item": Lane(mode="first"),
            "order": Lane(mode="best", at_most=1),
        }
    ),
    Options(lanes={"activity": Lane(exclusive_with=("order", "coupon")), "units": Lane(mode="first")}),
]
promotions = st.lists(
    st.tuples(
        st.sampled_from(EFFECTS),
        st.fixed_dictionaries(
            {
                "on": st.sampled_from([Scope(), Scope(), Scope(skus=("tea",)), Scope(except_skus=("tea",))]),
                "codes": st.sampled_from([(), (), ("CODE",)]),
                "exclusive": st.sampled_from(["", "", "", "lane", "cart"]),
                "priority": st.sampled_from([None, 1, 2]),
                "from_minor": st.sampled_from([None, None, 4000]),
                "budget_minor": st.sampled_from([None, None, 700]),
                "per_customer": st.sampled_from([None, 1]),
                "uses_per_day": st.sampled_from([None, None, 1]),
            }
        ),
    ),
    min_size=1,
    max_size=7,
)
carts = st.lists(
    st.tuples(st.sampled_from(["tea", "cup", "pot"]), st.integers(1, 4), st.sampled_from([1000, 1999, 3333])),
    min_size=1,
    max_size=4,
)


class InMemory:
    """A glance at a storage in memory."""

    def __init__(self, storage):
        self.storage = storage

    async def now_ms(self):
        return T

    async def person(self, customer):
        return customer.id, Person()

    async def accounts(self, keys):
        return {key: self.storage.accounts.get(key, Account(overdraft=is_world(key))) for key in keys}

    async def states(self, keys):
        return {key: self.storage.states[key] for key in keys if key in self.storage.states}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(promotions, carts, st.sampled_from(LANES), st.sampled_from([0, 600]), st.booleans())
async def test_what_is_quoted_is_what_the_order_costs(offers, lines, options, shipping, typed):
    setups = [
        setup("promotion", play=f"p{n}", gives=(e,), stacking=options, **more) for n, (e, more) in enumerate(offers)
    ]
    f = await memory_fair(setups, [T]).open(budget=100_000)
    cart = CartInput(
        currency="USD",
        lines=[LineInput(str(n), sku, quantity, price) for n, (sku, quantity, price) in enumerate(lines)],
        shipping_minor=shipping,
        codes=["code"] if typed else [],
    )
    quote = await Quotes(f.host.register, InMemory(f.host.storage), "en").quote(cart, Customer(id="ann"))
    assert quote.total_minor == quote.list_minor - quote.discount_minor >= 0
    assert sum(told.saved_minor for told in quote.promotions) == quote.discount_minor
    claims = [(claim.play, {"code": claim.code}) for claim in quote.claims]
    named = [(line.line, line.sku, line.quantity, line.unit_price_minor) for line in cart.lines]
    order = f.placed("1", "ann", *claims, lines=named, shipping_minor=shipping, total_minor=quote.total_minor)
    placed = await f.do(order)
    assert isinstance(placed, dict), (placed, quote.promotions)
    assert [line["due_minor"] for line in placed["lines"]] == [line.due_minor for line in quote.lines]
    paid = await f.do(f.order("1", "paid"))
    assert paid["total_minor"] == quote.total_minor
    refunded = await f.do(f.order("1", "refunded"))
    assert refunded["refunded_minor"] == quote.total_minor
    spent = {key: a.credits - a.debits for key, a in f.host.storage.accounts.items() if key.endswith("/spent")}
    assert set(spent.values()) <= {0}


async def test_a_cart_sees_what_others_have_used():
    f = await memory_fair([setup("promotion", uses=1), setup("coupon")], [T]).open()
    cart = CartInput(currency="USD", lines=[LineInput("1", "tea-1", 1, 5000)])
    quotes = Quotes(f.host.register, InMemory(f.host.storage), "en")
    assert (await quotes.quote(cart)).total_minor == 4000
    await f.do(f.placed("1", "ann", ("promotion", {})))
    full = await quotes.quote(cart)
    assert (full.total_minor, [told.code for told in full.promotions]) == (5000, ["used_up"])
    for who, play in product(("ann", "bob"), ("promotion", "nothing")):
        answer = await f.do(f.placed("2", who, (play, {})))
        assert answer == {"promotion": "used_up", "nothing": "unknown_play"}[play]
    assert CAMPAIGN == "fair"
