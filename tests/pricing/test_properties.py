"""What holds of every cart under all promotions and options."""

from collections import Counter
from itertools import combinations
from random import Random
from typing import Literal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.pricing import strategies as some

from miaohui.pricing.allocation import allocate, allocate_runs
from miaohui.pricing.basket import Basket
from miaohui.pricing.cart import Cart, CartLine
from miaohui.pricing.conditions import Scope
from miaohui.pricing.effects import Amount, Bundle, BuyGet, Deposit, Nth, Part, Percent
from miaohui.pricing.eligible import within_limits
from miaohui.pricing.engine import price
from miaohui.pricing.promotion import Lane, Limits, Options, Promotion
from miaohui.pricing.refunds import Sold, refund
from miaohui.pricing.rulebook import Rulebook
from miaohui.pricing.sale import Sale, floor

few = settings(max_examples=60, deadline=None)
some_promotions = some.promotions()


@few
@given(some.carts(), some_promotions, some.options)
def test_parts_sum_to_the_whole_at_every_level(cart: Cart, promotions: list[Promotion], options: Options) -> None:
    priced = price(cart, promotions, options)
    for line in (*priced.lines, *priced.shipping):
        assert sum(units.count for units in line.units) == line.quantity
        assert sum(line.dues()) == line.due_minor
        assert sum(line.taxes()) == line.tax_minor
        assert sum(line.given_minor.values()) == line.list_minor - line.due_minor
        for units in line.units:
            assert units.list_minor - sum(minor for _, minor in units.parts) == units.due_minor
            assert all(minor > 0 for _, minor in units.parts)
    saved = priced.discount_minor + priced.shipping_list_minor - priced.shipping_minor
    assert sum(outcome.saved_minor for outcome in priced.outcomes) == saved
    for outcome in priced.outcomes:
        assert sum(outcome.lines.values()) == outcome.saved_minor >= 0
        assert outcome.saved_minor == 0 or outcome.status == "applied"
    paid = {p.id: {e.deposit_minor for e in p.effects if isinstance(e, Deposit)} for p in promotions}
    prepaid = {x.promotion: int(x.data["prepaid_minor"]) for x in priced.outcomes if "prepaid_minor" in x.data}
    assert sum(prepaid.values()) == priced.prepaid_minor
    assert priced.prepaid_minor <= sum(min(x.deposits, x.quantity) for x in cart.lines) * 50
    assert all(minor % 50 == 0 and paid[id] == {50} for id, minor in prepaid.items())
    tax = sum(line.tax_minor for line in (*priced.lines, *priced.shipping))
    assert priced.total_minor == priced.goods_minor + priced.shipping_minor + tax * (cart.tax == "exclusive")


@few
@given(some.carts(), some_promotions, some.options)
def test_no_unit_costs_less_than_its_floor_nor_more_than_its_list_price(
    cart: Cart, promotions: list[Promotion], options: Options
) -> None:
    priced = price(cart, promotions, options)
    for line, ours in zip(cart.lines, priced.lines, strict=True):
        low = floor(line.min_price_minor, line.cost_minor, options.margin_floor_ppm)
        assert all(min(low, line.unit_price_minor) <= due <= line.unit_price_minor for due in ours.dues())
    assert all(0 <= method.due_minor <= method.list_minor for method in priced.shipping)
    assert 0 <= priced.goods_minor <= priced.list_minor == sum(x.quantity * x.unit_price_minor for x in cart.lines)
    assert 0 <= priced.total_minor <= price(cart, [], options).total_minor


@few
@given(some.carts(), some_promotions, some.options, some.lines("new"))
def test_a_line_added_takes_no_other_line_below_its_floor(
    cart: Cart, promotions: list[Promotion], options: Options, line: CartLine
) -> None:
    priced = price(replace(cart, lines=(*cart.lines, line)), promotions, options)
    for before, ours in zip(cart.lines, priced.lines, strict=False):
        low = floor(before.min_price_minor, before.cost_minor, options.margin_floor_ppm)
        assert ours.due_minor >= min(low, before.unit_price_minor) * before.quantity


@few
@given(some.carts(), some_promotions, some.options, st.randoms(use_true_random=False))
def test_same_input_same_output_in_whatever_order_promotions_come(
    cart: Cart, promotions: list[Promotion], options: Options, random: Random
) -> None:
    first = msgspec.json.encode(price(cart, promotions, options))
    random.shuffle(promotions)
    copies = msgspec.json.decode(msgspec.json.encode(promotions), type=list[Promotion])
    assert msgspec.json.encode(price(cart, copies, options)) == first


@few
@given(some.carts(), some_promotions, some.options)
def test_what_gave_nothing_changes_nothing(cart: Cart, promotions: list[Promotion], options: Options) -> None:
    priced = price(cart, promotions, options)
    gave = {outcome.promotion for outcome in priced.outcomes if outcome.status == "applied"}
    alone = price(cart, [promotion for promotion in promotions if promotion.id in gave], options)
    assert (alone.lines, alone.shipping, alone.gifts, alone.rewards) == (
        priced.lines,
        priced.shipping,
        priced.gifts,
        priced.rewards,
    )


candidates = some.promotions(some.groups | some.reductions, most=6, lane=st.just("item"), when=st.just(()))
best = Options(lanes={"item": Lane(mode="best")})


@few
@given(some.carts(), candidates, st.sampled_from([0, 0, 1, 2]))
def test_best_is_the_best_of_all_sets(cart: Cart, promotions: list[Promotion], at_most: int) -> None:
    options = Options(lanes={"item": Lane(mode="best", at_most=at_most)})
    priced = price(cart, promotions, options)
    assert all(search.proven for search in priced.searches)
    by_id = {p.id: p for p in promotions if within_limits(p.id, p.limits, cart) is None}
    for size in range(min(len(by_id), at_most or len(by_id)) + 1):
        for chosen in combinations(by_id, size):
            if not any(set(by_id[x].exclusive_with) & set(chosen) for x in chosen):
                alone = [replace(by_id[x], exclusive="") for x in chosen]
                assert _saved_in_order(cart, alone) <= priced.discount_minor


def _saved_in_order(cart: Cart, promotions: list[Promotion]) -> int:
    """What exactly these save together, each taken in its turn (unit groups first)."""
    sale = Sale(Rulebook(promotions, best), cart)
    goods: Basket = sale.goods
    turns = sorted(sale.book.lanes["item"].items(), key=lambda x: not isinstance(x[1][0], Nth | Bundle | BuyGet))
    return sum(sale.worth(turn, effects, goods, sale.shipping) for turn, effects in turns)


def test_best_finds_what_gives_nothing_alone() -> None:
    """Half off 10.00 would go over its 4.00 and is refused; after 3.00 are off it is 3.50, and fits."""
    cart = Cart(currency="CNY", lines=(CartLine(line="1", sku="a", quantity=1, unit_price_minor=1000),))
    half = Promotion(id="half", effects=(Percent(off_ppm=500_000),), lane="item", limits=Limits(spend_minor=400))
    three = Promotion(id="three", effects=(Amount(off_minor=300),), lane="item", priority=1)
    other = Promotion(id="other", effects=(Amount(off_minor=600),), lane="item", exclusive_with=("three", "half"))
    options = Options(base="running", lanes={"item": Lane(mode="best")})
    priced = price(cart, [half, three, other], options)
    assert (priced.discount_minor, priced.outcome("other").code) == (650, "not_best")
    assert price(cart, [half], options).discount_minor == 0


@few
@given(
    some.carts(),
    some.promotions(some.groups | some.reductions, most=6, lane=st.just("item")),
    some.promotions(some.groups | some.reductions, most=1, lane=st.just("item")),
    st.sampled_from(["lane", "running"]),
    st.sampled_from([0, 0, 1, 2]),
)
def test_with_best_one_more_candidate_never_raises_the_total(
    cart: Cart, promotions: list[Promotion], more: list[Promotion], base: Literal["lane", "running"], at_most: int
) -> None:
    options = Options(lanes={"item": Lane(mode="best", at_most=at_most)}, base=base)
    more = [replace(promotion, id="p-9") for promotion in more]  # which may exclude others
    assert price(cart, [*promotions, *more], options).total_minor <= price(cart, promotions, options).total_minor


def test_many_candidates_are_searched_up_to_a_number_of_sets_and_say_so() -> None:
    random = Random(7)
    cart = Cart(
        currency="CNY",
        lines=tuple(
            CartLine(line=f"{n}", sku="abcd"[n % 4], quantity=1, unit_price_minor=random.randint(100, 9000))
            for n in range(24)
        ),
    )
    groups = [
        Bundle(
            parts=(Part(quantity=2 + n % 3, scope=Scope(skus=("abcd"[n % 4], "abcd"[n // 4]))),), off_minor=70 + 9 * n
        )
        for n in range(16)
    ]
    promotions = [Promotion(id=f"p-{n:02}", effects=(group,), lane="item") for n, group in enumerate(groups)]
    options = Options(lanes={"item": Lane(mode="best")}, search_max=20)
    priced = price(cart, promotions, options)
    (search,) = priced.searches
    assert (search.candidates, search.proven) == (16, False)
    assert msgspec.json.encode(price(cart, promotions, options)) == msgspec.json.encode(priced)
    exact = price(cart, promotions, replace(options, search_max=10**6))
    assert exact.searches[0].proven
    assert exact.discount_minor >= priced.discount_minor > 0


@few
@given(some.carts(), some_promotions, some.options, st.randoms(use_true_random=False))
def test_returning_everything_gives_back_what_was_paid_in_any_order(
    cart: Cart, promotions: list[Promotion], options: Options, random: Random
) -> None:
    book = Rulebook(promotions, options)
    priced = price(cart, book)
    units = [line.line for line in cart.lines for _ in range(line.quantity)]
    for policy in ("allocated", "rerate_down"):
        random.shuffle(units)
        sold, given_back = Sold(cart=cart, priced=priced), 0
        for line in units:
            back = refund(policy, sold, {line: 1}, book)  # type: ignore[arg-type]
            assert back.amount_minor >= 0
            given_back += back.amount_minor
            sold = back.then
        assert given_back == priced.total_minor == sold.refunded_minor
        assert sold.points_back == priced.points


@few
@given(some.carts(), some_promotions, some.options, st.data())
def test_the_same_units_bring_the_same_in_any_order(
    cart: Cart, promotions: list[Promotion], options: Options, data: st.DataObject
) -> None:
    book = Rulebook(promotions, options)
    priced = price(cart, book)
    units = [line.line for line in cart.lines for _ in range(line.quantity)]
    returned = data.draw(
        st.lists(st.sampled_from(units), max_size=len(units)).filter(lambda x: not Counter(x) - Counter(units))
    )
    sums = set()
    for order in (returned, sorted(returned), data.draw(st.permutations(returned))):
        sold = Sold(cart=cart, priced=priced)
        for line in order:
            sold = refund("allocated", sold, {line: 1}, book).then
        sums.add((sold.refunded_minor, sold.points_back))
    at_once = refund("allocated", Sold(cart=cart, priced=priced), Counter(returned), book).then
    assert sums == {(at_once.refunded_minor, at_once.points_back)}


@given(
    st.integers(0, 5000),
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 50), st.integers(0, 60)), min_size=1, max_size=6),
)
def test_runs_are_allocated_like_their_units(amount: int, runs: list[tuple[int, int, int]]) -> None:
    counts, weights, rooms = zip(*runs, strict=True)
    shares = allocate_runs(amount, counts, weights, rooms)
    by_unit = [part for share in shares for units, part in share for _ in range(units)]
    spread = [[x] * count for x, count in zip(zip(weights, rooms, strict=True), counts, strict=True)]
    flat = [x for part in spread for x in part]
    assert by_unit == allocate(amount, [weight for weight, _ in flat], [room for _, room in flat])
