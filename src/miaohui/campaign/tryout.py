"""A document tried on carts before it runs: as if it were open, every limit unused, the customer in the audiences he is said to be
in. Only promotions are tried; what other plays set (a flash-sale price, a coupon) needs a campaign that runs."""

from collections.abc import Sequence

from miaohui.campaign.document import Document
from miaohui.campaign.setups import setups
from miaohui.host.quote import CartInput, Pretend, Quote
from miaohui.host.quotes import Quotes
from miaohui.host.setup import Register
from miaohui.plays._contract import Refusal


async def tryout(
    document: Document, carts: Sequence[CartInput], language: str, audiences: Sequence[str] = (), at_ms: int = 0
) -> list[Quote] | Refusal:
    """The carts priced under a sound document; `at_ms`: when (0: at the opening). bad_request if a cart cannot be read."""
    made = setups(document, 1)
    register = Register.of(1, made, {(setup.campaign, setup.play): (1, "running") for setup in made}, {}, 0)
    quotes = Quotes(register, None, language)
    pretend = Pretend(at_ms or document.phases.live_ms, tuple(f"{document.campaign}/{name}" for name in audiences))
    found = []
    for cart in carts:
        quote = await quotes.quote(cart, pretend=pretend)
        if isinstance(quote, Refusal):
            return quote
        found.append(quote)
    return found
