"""What the writer writes, the reader reads as the same document; the strategies come from the same grammar."""

import string
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from miaohui import plays
from miaohui.campaign import grammar
from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts, ShopProduct
from miaohui.campaign.goals import Goal
from miaohui.campaign.grammar import (
    Amount,
    Both,
    Choice,
    Field,
    Frequency,
    Gifts,
    Instant,
    Kind,
    Many,
    Named,
    Number,
    Off,
    Percent,
    Table,
    Valid,
    Ware,
    Whole,
    Window,
    Words,
    YesNo,
)
from miaohui.campaign.offer import Head, Merchandise, PlayTable, Rate
from miaohui.campaign.reader import read
from miaohui.campaign.writer import write
from miaohui.plays._fields import Given, Offer, Product, Span, Validity
from miaohui.text import Text

SAID = st.text(string.ascii_letters + "中文 \"'\\\n#{}", max_size=12).filter(str.strip)
AT_MS = st.integers(946_684_800_000, 4_102_444_800_000)
PRODUCT = Product(name="a", sku="A-1", title=Text(zh="茶", en="Tea"), list_price_minor=10**9, cost_minor=None)
SHOP = Facts(
    products={"A-1": ShopProduct(sku="A-1", title=PRODUCT.title, currency="KWD", list_price_minor=10**9, stock=5)}
)


def values(kind: Kind) -> st.SearchStrategy[Any]:
    """Values of a kind that a document may hold."""
    match kind:
        case Words(refers="goal"):
            return st.just("a")
        case Words(refers=refers) if refers:
            return st.just("")
        case Words(pattern=pattern):
            return st.from_regex(pattern, fullmatch=True, alphabet=string.printable) if pattern else SAID
        case Whole(least=least, most=most) | Percent(least=least, most=most):
            return st.integers(least or 0, most if most is not None else 10**9)
        case Amount(least=least, most=most):
            return st.integers(least or 0, most if most is not None else 10**9 - 1)
        case Number():
            return st.decimals(0, 10**9, places=3)
        case YesNo():
            return st.booleans()
        case Choice(options=options):
            return st.sampled_from(options)
        case Instant():
            return AT_MS
        case Window():
            return st.builds(lambda at, n: Span(at, at + n * 60_000), AT_MS, st.integers(1, 9999))
        case Both():
            return st.builds(Text, zh=SAID, en=SAID)
        case Ware():
            return st.just(PRODUCT)
        case Off():
            return st.builds(Offer, st.integers(1, 10**9), st.integers(0, 10**9))
        case Frequency():
            return st.builds(Rate, st.integers(1, 999), st.integers(1, 999))
        case Valid():
            return st.builds(Validity, st.integers(1, 99), st.none() | AT_MS)
        case Gifts():
            return st.lists(st.builds(Given, st.just("everybody"), values(Off())), min_size=1, max_size=1).map(tuple)
        case Many(of=Words(refers=refers)) if refers:
            return st.just(())
        case Many(of=of, fewest=fewest):
            return st.lists(values(of), min_size=fewest, max_size=3).map(tuple)
        case Named(keys=keys, of=of):
            return st.dictionaries(st.sampled_from("abc"), values(of), max_size=0 if keys.refers else 2)
        case Table():
            return st.fixed_dictionaries({f.name: field(f) for f in kind.fields}).map(lambda made: kind.cls(**made))
        case _:
            raise AssertionError(kind)


def field(field: Field) -> st.SearchStrategy[Any]:
    """A field's values, and its default."""
    return values(field.kind) if field.required else st.just(field.default) | values(field.kind)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A document with everything in it, and one play."""
    skipped = {"zone", "currency", "plays", "products", "goals", "audiences"}
    made = {f.name: draw(field(f)) for f in grammar.table(Document).fields if f.name not in skipped}
    entry = draw(values(grammar.table(Merchandise)))
    goal = draw(values(grammar.table(Goal)))
    made |= {"zone": "America/New_York", "currency": "KWD", "goals": {"a": goal}, "audiences": {"a": "everybody"}}
    made["products"] = {"a": replace(entry, sku="A-1", price_minor=None, cost_minor=None, title=None)}
    head = replace(draw(values(grammar.table(Head))), play="tombola", title=draw(values(Both())))
    module: Any = plays.find("tombola")
    span = Span(head.opens_ms or made["phases"].live_ms, head.closes_ms or made["phases"].wrap_up_ms)
    rules = {f.name: draw(field(f)) for f in grammar.rules(module).fields}
    rules |= {"budget_minor": head.budget_minor, "identities": made["risk"].identities}
    rules |= {"id": f"{made['campaign']}/p", "currency": "KWD", "opens_ms": span.start_ms, "ends_ms": span.end_ms}
    made["plays"] = {"p": PlayTable(head=head, span=span, rules=module.Rules(**rules))}
    return Document(**made)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_written_is_read_as_the_same(data: st.DataObject) -> None:
    document = data.draw(documents())
    assert read(write(document), SHOP).document == document
